/* Part 1's buttons and sliders, and its state in the address, so that "look at this" can be sent.
 *
 * Idea:   everything after # stays in the browser; it holds the beginning, what was written and
 *         the sliders.
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
  $("writers").append(...writers.map((writer) => writer.column));
  $("writers").classList.toggle("two", writers.length > 1);
  $("topk").max = Math.min(50, DATA.models[0].header.characters.length);
  choosePlayers($("write-player"), page, false);

  const say = () => {
    const { temperature, topK, topP } = shaping();
    $("temperature-is").textContent = number(temperature, 2);
    $("topk-is").textContent = topK ? number(topK) : t("all");
    $("topp-is").textContent = topP < 1 ? percent(topP) : t("all");
    $("write-run").textContent = t(page.running ? "write.stop" : "write.run");
    for (const writer of writers) writer.draw();
  };
  const all = async (/** @type {(writer: Writer) => Promise<void>} */ act) => {
    await Promise.all(writers.map(act));
    if (!page.running) keepState(writers);
  };
  const begin = async () => {
    page.running = false;
    const text = $("prompt").value;
    sayUnknown($("prompt-unknown"), encode(0, text).unknown);
    await all((writer) => writer.begin(encode(writer.model, text).ids));
    say();
  };
  const run = async () => {
    page.running = !page.running;
    say();
    while (page.running) {
      const before = performance.now();
      await Promise.all(writers.map((writer) => writer.step()));
      if (writers.every((writer) => writer.written.length >= MOST_WRITTEN)) page.running = false;
      await sleep(Math.max(0, PACE - performance.now() + before));
    }
    say();
    keepState(writers);
  };

  for (const id of ["temperature", "topk", "topp"]) $(id).oninput = say;
  for (const id of ["temperature", "topk", "topp"]) $(id).onchange = () => keepState(writers);
  $("write-player").onchange = say;
  $("prompt").oninput = begin;
  $("write-one").onclick = () => all((writer) => writer.step());
  $("write-back").onclick = () => all((writer) => writer.back());
  $("write-again").onclick = begin;
  $("write-run").onclick = run;
  SPOKEN.push(say);
  page.counted.push(() => page.running || all((writer) => writer.predict()));

  const state = new URLSearchParams(location.hash.slice(1));
  $("prompt").value = state.get("text") ?? DATA.prompt;
  for (const id of ["temperature", "topk", "topp"]) {
    if (state.has(id)) $(id).value = state.get(id);
  }
  await begin();
  for (const writer of writers) {
    writer.written = encode(writer.model, state.get(`written${writer.model}`) ?? "").ids;
    writer.written.length = Math.min(writer.written.length, MOST_WRITTEN);
    if (writer.written.length) {
      const text = [...writer.prompt, ...writer.written];
      const asked = { ask: "score", model: writer.model, ids: text, lane: "state" };
      const { nats } = await page.engine.ask(asked);
      writer.bits = Array.from(nats[0].slice(writer.prompt.length), (n) => n / Math.LN2);
      await writer.predict();
    }
  }
}

/** Put the state of part 1 behind the #. @param {Writer[]} writers */
function keepState(writers) {
  const { temperature, topK, topP } = shaping();
  const state = new URLSearchParams({ text: $("prompt").value });
  for (const { model, written } of writers) {
    const text = written.map((id) => characterOf(model, id)).join("");
    if (text) state.set(`written${model}`, text);
  }
  if (temperature !== 1) state.set("temperature", String(temperature));
  if (topK) state.set("topk", String(topK));
  if (topP < 1) state.set("topp", String(topP));
  try {
    history.replaceState(null, "", `#${state}`);
  } catch {
    // a frame without an address of its own keeps no state
  }
}

/** Fill a select with the players; with `models`, those of each model by number.
 * @param {any} select @param {any} page @param {boolean} models */
function choosePlayers(select, page, models) {
  const several = DATA.models.length > 1;
  const options = page.players.flatMap(
    (/** @type {string[]} */ players, /** @type {number} */ m) =>
      m && !models ? [] : players.map((player) => ({ m, player })),
  );
  select.replaceChildren(
    ...options.map((/** @type {{m: number, player: string}} */ { m, player }) =>
      make("option", { value: models ? `${m} ${player}` : player }),
    ),
  );
  SPOKEN.push(() =>
    [...select.options].forEach((option, i) => {
      const { m, player } = options[i];
      option.textContent = playerName(player, models && several ? m : -1);
    }),
  );
  const label = select.closest("label");
  if (label && options.length < 2) label.hidden = true;
}

/** A player in words, with its model's name if there are two. @param {string} player
 * @param {number} model -1 for none */
function playerName(player, model = -1) {
  const name = t(`player.${player}`);
  return model < 0 ? name : `${DATA.models[model].name}: ${name}`;
}
