/* Part 1's buttons and sliders.
 *
 * Idea:   its state behind the # is the beginning, your guess, what was written by whom, and the
 *         sliders.
 */
"use strict";

const PACE = 40; // milliseconds a character: as fast as one reads

/** Set up part 1. @param {any} page */
async function setUpWrite(page) {
  /** @type {Writer[]} */
  const writers = DATA.models.map((/** @type {any} */ _, /** @type {number} */ i) => {
    return new Writer(i, page);
  });
  page.writers = writers;
  page.running = false;
  /** @type {string | null} your guess, empty for none; null as long as the bars are hidden */
  page.guess = ASKED.get("guess");
  $("writers").append(...writers.map((writer) => writer.column));
  $("writers").classList.toggle("two", writers.length > 1);
  if (writers.length < 2) writers[0].bars.before($("write-legend"));
  $("topk").max = Math.min(50, DATA.models[0].header.characters.length);
  choosePlayers($("write-player"), page, false);

  const say = () => {
    const { temperature, topK, topP } = shaping();
    $("temperature-is").textContent = number(temperature, 2);
    $("warmth").textContent = t(warmthOf(temperature));
    $("topk-is").textContent = topK ? number(topK) : t("all");
    $("topp-is").textContent = topP < 1 ? percent(topP) : t("all");
    $("write-run").textContent = t(page.running ? "write.stop" : "write.run");
    $("write-ask").hidden = page.guess !== null;
    $("write-legend").hidden = $("write-keys").hidden = page.guess === null;
    $("writers").classList.toggle("running", page.running);
    for (const writer of writers) writer.draw();
  };
  const open = () => {
    page.guess ??= ""; // whoever lets it write, or moves a slider, sees the bars
    say();
  };
  const all = async (/** @type {(writer: Writer) => Promise<void>} */ act) => {
    await Promise.all(writers.map(act));
    if (!page.running) keep();
  };
  const begin = async () => {
    page.running = false;
    const text = $("prompt").value;
    sayUnknown(
      $("prompt-unknown"),
      writers.map(({ model }) => encode(model, text).unknown),
    );
    await all((writer) => writer.begin(encode(writer.model, text).ids));
    say();
  };
  const anew = () => {
    page.guess = null; // the old one was for another beginning
    $("write-guess").value = "";
    begin();
    say(); // at once: nobody sees the bars of before
  };
  let runs = 0; // a stopped one may still wait when the next begins
  const run = async () => {
    page.running = !page.running;
    const mine = ++runs;
    open();
    while (page.running && mine === runs) {
      const before = performance.now();
      await Promise.all(writers.map((writer) => writer.choose()));
      if (writers.every((writer) => writer.written.length >= MOST_WRITTEN)) page.running = false;
      await sleep(Math.max(0, PACE - performance.now() + before));
    }
    say();
    keep();
  };

  for (const id of ["temperature", "topk", "topp"]) $(id).oninput = open;
  for (const id of ["temperature", "topk", "topp"]) $(id).onchange = keep;
  $("write-player").onchange = () => {
    open();
    keep();
  };
  $("prompt").oninput = anew;
  $("write-ask").onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    page.guess = $("write-guess").value;
    say();
    $("writers").querySelector(".bars button").focus(); // the form has gone
    keep();
  };
  $("write-one").onclick = () => {
    open();
    all((writer) => writer.choose());
  };
  $("write-back").onclick = () => all((writer) => writer.back());
  $("write-again").onclick = anew;
  $("write-run").onclick = run;
  SPOKEN.push(say);
  page.counted.push(() => page.running || all((writer) => writer.turn(() => writer.predict())));

  $("prompt").value = ASKED.get("text") ?? DATA.prompt;
  for (const id of ["temperature", "topk", "topp"]) {
    if (ASKED.has(id)) $(id).value = ASKED.get(id);
  }
  choose($("write-player"), ASKED.get("writer"));
  await begin();
  KEPT.push((state) => keepWriters(state, writers));
  KEPT.push((state) => page.guess !== null && state.set("guess", page.guess));
  for (const writer of writers) {
    const { ids } = encode(writer.model, ASKED.get(`written${writer.model}`) ?? "");
    await writer.again(ids, ASKED.get(`by${writer.model}`) ?? "");
  }
}

/** The words for a temperature. @param {number} temperature */
function warmthOf(temperature) {
  if (temperature === 0) return "warmth.zero";
  if (temperature === 1) return "warmth.one";
  return temperature < 1 ? "warmth.below" : "warmth.above";
}

/** Put the state of part 1 behind the #. @param {URLSearchParams} state @param {Writer[]} writers */
function keepWriters(state, writers) {
  const { temperature, topK, topP } = shaping();
  state.set("text", $("prompt").value);
  for (const { model, written, by } of writers) {
    const text = written.map((id) => characterOf(model, id)).join("");
    if (text) state.set(`written${model}`, text);
    if (by.some(Boolean)) state.set(`by${model}`, by.join(""));
  }
  if (temperature !== 1) state.set("temperature", String(temperature));
  if (topK) state.set("topk", String(topK));
  if (topP < 1) state.set("topp", String(topP));
  if ($("write-player").selectedIndex) state.set("writer", $("write-player").value);
}
