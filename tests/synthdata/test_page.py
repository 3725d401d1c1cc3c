"""The HTML report in a real browser: opened from disk, its texts do nothing and it fetches nothing.

Skipped, with the reason, where no Chromium is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from synthdata.__main__ import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def browser() -> str:
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and what was asked of it."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def chromium(
    browser: str, folder: Path, page: Path, *args: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=2000",
            "--enable-logging=stderr",
            *args,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_report_opens_from_disk_and_does_nothing(
    browser: str, visits: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = visits
    attack = (
        f"<script>document.title='taken'; fetch('{address}/script')</script>"
        f"<img src='{address}/img' onerror=\"document.title='taken'\">"
        f"<style>@import url({address}/css);</style><svg onload=\"document.title='taken'\">"
    )
    rng = np.random.default_rng(0)
    tales = [" ".join(f"w{w}" for w in row) for row in rng.zipf(1.5, (60, 12)).tolist()]
    told = [*tales, *[attack] * 40]
    rows = [{"text": text, attack: attack if i % 2 else "x"} for i, text in enumerate(told)]
    data = tmp_path / "<i>data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = tmp_path / "report.html"
    with pytest.raises(SystemExit) as stop:
        main(["measure", str(data), "--html", str(report), "--by", attack])
    assert stop.value.code == 0

    done = chromium(browser, tmp_path, report, "--dump-dom")
    assert "<title>Variety of" in done.stdout, done.stderr[-2000:]
    assert "<title>taken" not in done.stdout
    assert done.stdout.count("<img") == 3  # curve, profile, budget, and none of the attack's
    assert done.stdout.count("<script") == 2  # the page's own words and code
    assert done.stdout.count("&lt;script&gt;") >= 3  # shown as text
    assert 'data-alive=""' in done.stdout  # its own scripts ran
    assert "CONSOLE" not in done.stderr  # nothing was blocked, because nothing was tried
    assert asked == []

    picture = tmp_path / "page.png"
    chromium(browser, tmp_path, report, f"--screenshot={picture}", "--window-size=1000,3000")
    from matplotlib.image import imread

    seen = imread(picture)[..., :3]
    assert seen.shape[1] == 1000
    # The curves' dark lines and the verdict's colour: a blank or unstyled page has neither.
    assert (seen.sum(axis=2) < 0.6).mean() > 0.002
    edge = np.abs(seen - np.array([0xA8, 0x43, 0x00]) / 255).sum(axis=2) < 0.05
    assert edge.sum() > 300
    assert asked == []
