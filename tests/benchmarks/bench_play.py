"""The page to play on: size and seconds to write it, characters a second in Chromium and in torch.

Run:  python tests/benchmarks/bench_play.py RUN [--rounds 5] [--picture play.png]

Both write one stream of as many characters, in turns, so that a neighbour who slows the machine
down slows both. Needs Chromium (CHROMIUM names it) and playwright.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from playwright.sync_api import sync_playwright

from minigpt.model import GPT
from minigpt.sample import generate
from minigpt.saved.checkpoint import load_model

ASK = """([length, count]) => (window.asking ??= (async () => {
  const engine = new Engine();
  await engine.load();
  return engine;
})()).then((engine) => engine.ask({ ask: "write", model: 0, ids: [], count, length, seed: 1,
  player: 0, shaping: { temperature: 0.8, topK: 0, topP: 1 } })).then(({ seconds }) => seconds)"""


def torch_seconds(model: GPT, length: int) -> float:
    """Seconds for one stream of this length, one thread."""
    start = time.perf_counter()
    generate(model, n=1, length=length, rng=np.random.default_rng(0), temperature=0.8)
    return time.perf_counter() - start


def picture(page: Any, file: Path) -> None:
    """Write parts 1 and 2 of the page side by side, after some use, as a PNG."""
    page.set_viewport_size({"width": 1312, "height": 900})
    page.fill("#prompt", "ROMEO:")
    page.locator("#temperature").fill("0.7")
    page.click("#write-run")
    page.wait_for_timeout(7_000)
    page.click("#write-run")
    page.click("#surprise-go")
    page.locator("#surprise-table tr").nth(2).wait_for()
    page.locator("#surprise-at").fill("107")
    page.evaluate("""() => {
      const { style } = $("main");
      Object.assign(style, { display: "grid", gridTemplateColumns: "1fr 1fr", maxWidth: "none",
        columnGap: "1rem", padding: "0" });
      for (const id of ["facts", "game", "look", "vary"]) $(id).hidden = true;
      document.activeElement.blur();
    }""")
    page.mouse.move(0, 0)
    page.locator("#main").screenshot(path=file, animations="disabled")
    Image.open(file).convert("RGB").quantize(64).save(file, optimize=True)


def main() -> None:
    """Print sizes, rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="only write a picture of parts 1 and 2")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model, _ = load_model(asked.run)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "play.html"
        began, before = time.perf_counter(), os.times()
        run = [sys.executable, "-m", "minigpt.play", str(asked.run)]
        subprocess.run([*run, "-o", str(out), "--no-open"], check=True, capture_output=True)
        after = os.times()
        spent = after.children_user + after.children_system
        spent -= before.children_user + before.children_system
        print(f"written in {time.perf_counter() - began:.1f} s, {spent:.1f} s of processor time")
        print(f"{out.stat().st_size:,} bytes")
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium)
            page: Any = browser.new_page()
            page.goto(out.as_uri())
            page.locator("body[data-counted]").wait_for()
            if asked.picture:
                return picture(page, asked.picture)
            for length in (model.context, 1000):
                rounds = []
                for _ in range(1 + asked.rounds):  # the first warms up
                    here = length / page.evaluate(ASK, [length, 1])
                    rounds.append((here, length / torch_seconds(model, length)))
                pages, torches = zip(*rounds[1:])
                ratio = statistics.median(a / b for a, b in rounds[1:])
                print(
                    f"one stream of {length:,}: page {statistics.median(pages):,.0f} chars/s, "
                    f"torch {statistics.median(torches):,.0f}, ratio {ratio:.2f} "
                    f"({min(a / b for a, b in rounds[1:]):.2f} to "
                    f"{max(a / b for a, b in rounds[1:]):.2f})"
                )
            many = 64 * model.context / page.evaluate(ASK, [model.context, 64])
            print(f"64 streams of {model.context}: page {many:,.0f} chars/s")
            browser.close()


if __name__ == "__main__":
    main()
