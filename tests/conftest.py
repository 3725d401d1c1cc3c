"""What holds in every test: checked shapes, no network, a cache of its own, one thread.

And a browser for the tests of pages, where there is one."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parent.parent

# Shapes in signatures of minigpt are checked at each call in the tests, and only there: the
# decorators would break torch.compile. This must come before anything imports minigpt.
assert not any(name.partition(".")[0] == "minigpt" for name in sys.modules)
_CHECKER = types.ModuleType("checked_types")
_CHECKER.check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int will do for a float
sys.modules["checked_types"] = _CHECKER  # the hook takes the checker by name
_HOOK = install_import_hook(["minigpt"], "checked_types.check")

TRAININGS = ("distill/test_compare", "distill/test_experiments", "distill/test_mixture")
TRAININGS += ("lessons/test_experiment", "synthdata/test_collapse", "synthdata/test_three_jokes")
"""Tests of whole trainings: checking the shapes of every step would take two fifths of their time,
and what they call has tests of its own, in which shapes are checked."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Shapes are checked in a test and its fixtures, but for `TRAININGS`."""
    unchecked = item.nodeid.startswith(tuple(f"tests/{start}" for start in TRAININGS))
    jaxtyping.config.update("jaxtyping_disable", unchecked)
    return (yield)


os.environ["OMP_NUM_THREADS"] = "1"  # for the commands that tests start
_CONNECT = socket.socket.connect
_RESOLVE = socket.getaddrinfo


def _is_loopback(host: Any) -> bool:
    if not isinstance(host, str) or host in ("", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connect(self: socket.socket, address: Any) -> Any:
    if isinstance(address, tuple) and not _is_loopback(address[0]):
        raise PermissionError(f"tests have no network; something wanted {address[0]!r}")
    return _CONNECT(self, address)


def _resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
    if not _is_loopback(host):
        raise socket.gaierror(f"tests have no network; something wanted {host!r}")
    return _RESOLVE(host, *args, **kwargs)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but this machine can be reached from a test."""
    monkeypatch.setattr(socket.socket, "connect", _connect)
    monkeypatch.setattr(socket, "getaddrinfo", _resolve)


@pytest.fixture(scope="session")
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(_session_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Texts and measurements of the tests stay out of the user's cache."""
    monkeypatch.setenv("MINIGPT_CACHE", str(_session_cache))
    monkeypatch.delenv("COGNITIVE_CORE_TRACEBACK", raising=False)
    return _session_cache


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The order of additions, and so the last bits, depend on the number of threads."""
    torch = sys.modules.get("torch")  # tests of labkit and of the n-gram never load it
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture
def command_environment(own_cache: Path) -> dict[str, str]:
    """Environment variables for commands that a test starts: this checkout, this cache."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MINIGPT_CACHE": str(own_cache),
        "PIP_NO_INDEX": "1",
        "OMP_NUM_THREADS": "1",
    }


CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="module")  # playwright's event loop must not outlive the tests that need it
def browser() -> Iterator[Any]:
    """Chromium; a test skips where there is none, but fails if BROWSER_TESTS=required (CI)."""
    missing = pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is part of [test]")
    if CHROMIUM is None:
        missing("no Chromium here: install it, or name it by CHROMIUM=/path/to/chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def visit_file(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page (HTML) from a file, offline, and waits for an element if `ready` names one.

    Whatever the test does, no error is left in the page, and nothing but the file itself and its
    worker was asked for. `silent` False: its policy may refuse a script that the test has changed,
    which the browser says in the console.
    """
    seen: list[str] = []
    wrong: list[str] = []
    contexts = []

    def open_(
        html: str,
        *,
        ready: str = "",
        at: str = "",
        before: str = "",
        silent: bool = True,
        **set_: Any,
    ) -> Any:
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8", errors="surrogatepass")
        context = browser.new_context(**{"locale": "en-GB", **set_})
        contexts.append(context)
        context.set_offline(True)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: seen.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if silent:
            page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
        page.goto(path.as_uri() + at)
        if ready:
            page.locator(ready).wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
    assert [url for url in seen if not url.startswith(("file:", "blob:"))] == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Any], list[Any]]:
    """What axe-core finds wrong with an open page: rules, and where they are broken."""
    package = pytest.importorskip("axe_playwright_python")
    source = (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")

    def look(page: Any) -> list[Any]:
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(source)
        found = page.evaluate("axe.run()")
        assert len(found["passes"]) > 20
        return [(v["id"], [n["html"][:90] for n in v["nodes"]]) for v in found["violations"]]

    return look
