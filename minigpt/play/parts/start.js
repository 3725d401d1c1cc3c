/* The page begins: unpack the model, set up the parts that this file has, or say what is wrong.
 *
 * Idea:   a part that cannot work is not in the page: no passage, no game; no attention, nothing to
 *         see.
 */
"use strict";

/** What is in the file, in the language of the page. @param {any} page */
function sayFacts(page) {
  const several = DATA.models.length > 1;
  const { corpus, source } = DATA.models[0].facts;
  const opening = several ? "facts.two" : corpus ? "facts.one" : "facts.bare";
  const lines = DATA.models.map((/** @type {any} */ { facts, name }) => {
    const parts = [t(several ? "facts.size" : "facts.it", { n: number(facts.size) })];
    if (several && facts.corpus) parts.push(t("facts.corpus", { corpus: facts.corpus }));
    if (facts.seconds) parts.push(t("facts.seconds", { seconds: number(facts.seconds) }));
    return (several ? `${name}: ` : "") + parts.join(t("comma")) + t("stop");
  });
  const first = t(opening, { corpus }) + t("stop");
  const told = several ? [first, ...lines] : [first + lines];
  $("facts").replaceChildren(...told.map((line) => make("p", {}, line)));
  for (const part of ["game", "look"]) {
    if (DATA.models.length < 2 || !DATA.parts.includes(part)) continue;
    const id = `${part}-only`;
    $(id).hidden = false;
    $(id).textContent = t("only", DATA.models[0]);
  }
  const travels = ["inside.model"];
  if (page.players.some((/** @type {string[]} */ names) => names.includes("counting"))) {
    travels.push("inside.counts");
  }
  if (DATA.passage) travels.push("inside.passage");
  if (DATA.sample) travels.push("inside.sample");
  const list = travels
    .map((key) => t(key, { n: number([...DATA.passage].length) }))
    .join(t("comma"));
  const { command, version, date } = DATA;
  const made = t("inside.made", { command, version, date, checksum: promised() });
  const from = source ? t("inside.source", DATA.models[0].facts) : "";
  $("inside").textContent = `${t("inside", { list })} ${from} ${made}`;
}

/** Say what is wrong, in one sentence, and show nothing else. @param {string} key */
function giveUp(key) {
  $("main").hidden = true;
  $("status").textContent = "";
  $("trouble").hidden = false;
  $("trouble").dataset.t = key;
  $("trouble").textContent = t(key);
}

async function start() {
  let chosen = ASKED.get("lang");
  speak((chosen ?? navigator.language).slice(0, 2));
  $("language").value = language;
  $("language").onchange = () => {
    chosen = $("language").value;
    speak(chosen ?? "");
    keep();
  };
  KEPT.push((state) => {
    if (chosen) state.set("lang", language);
  });
  if (typeof DecompressionStream === "undefined") return giveUp("trouble.old");
  if (!isWhole()) return giveUp("trouble.damaged");
  const page = {
    engine: new Engine(),
    players: DATA.models.map((/** @type {any} */ { header }) =>
      ["network", header.counted ? "counting" : "", header.gate ? "mixture" : ""].filter(Boolean),
    ),
    counted: /** @type {(() => void)[]} */ ([]), // what to do when counting is ready
    say: (/** @type {string} */ text) => {
      $("status").textContent = text;
    },
  };
  page.say(t("loading"));
  addEventListener("unhandledrejection", () => page.say(t("trouble.failed")));
  try {
    await page.engine.load();
  } catch {
    return giveUp("trouble.failed"); // the file is whole
  }
  page.say("");
  sayFacts(page);
  SPOKEN.push(() => sayFacts(page));
  /** @type {Record<string, () => any>} called only if the page has the part */
  const parts = {
    write: () => setUpWrite(page),
    surprise: () => setUpSurprise(page),
    game: () => setUpGame(page),
    look: () => setUpLook(page),
    vary: () => setUpVary(page),
  };
  $("state").hidden = window.parent !== window; // in a frame nobody sees the address
  $("main").hidden = false;
  for (const name of DATA.parts) await parts[name]();
  speak(language);
  document.body.dataset.ready = "";
  for (const model of DATA.models.keys()) {
    await page.engine.ask({ ask: "count", model, lane: `count ${model}` });
  }
  for (const again of page.counted) again();
  document.body.dataset.counted = "";
}

start();
