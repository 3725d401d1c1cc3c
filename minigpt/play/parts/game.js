/* Part 3, you against the model: guess the next character of a text that nobody here has seen.
 *
 * Idea:   the number of guesses that are needed bounds the entropy of the text, for every player by
 *         the same formula. After five wrong guesses the character is shown.
 * Source: C. E. Shannon, "Prediction and entropy of printed English", Bell System Technical Journal
 *         30 (1951), 50-64, equation 17.
 */
"use strict";

const MOST_GUESSES = 5;

/** A player's record: how often it needed 1, ..., 5 guesses or more, and its exact bits.
 * @typedef {{needed: number[], bits: number[]}} Tally */

/** Shannon's bounds in bits from numbers of guesses (6: not in five, one of the `others`).
 * @param {number[]} needed @param {number} others characters that five guesses leave */
function bounds(needed, others) {
  const q = [0, 0, 0, 0, 0, 0, 0];
  for (const guesses of needed) q[guesses - 1] += 1 / needed.length;
  let upper = q[MOST_GUESSES] * Math.log2(Math.max(1, others));
  let lower = 0;
  for (let i = 0; i <= MOST_GUESSES; i++) {
    if (q[i] > 0) upper -= q[i] * Math.log2(q[i]);
    // what is not guessed in five may be spread over all others: it adds nothing that is certain
    const next = i + 1 < MOST_GUESSES ? q[i + 1] : 0;
    if (i < MOST_GUESSES) lower += (i + 1) * (q[i] - next) * Math.log2(i + 1);
  }
  return { lower: Math.max(0, lower), upper };
}

/** How many guesses a player would need who tries the likeliest first.
 * @param {Float32Array} logprobs @param {number} id */
function guessesOf(logprobs, id) {
  let before = 0;
  logprobs.forEach((value, other) => {
    if (value > logprobs[id] || (value === logprobs[id] && other < id)) before++;
  });
  return Math.min(before, MOST_GUESSES) + 1;
}

/** Set up part 3. @param {any} page */
function setUpGame(page) {
  const { ids } = encode(0, DATA.passage);
  const size = DATA.models[0].header.characters.length;
  let at = 0;
  let from = 0;
  /** @type {number[]} */ let wrong = [];
  /** @type {(() => string)} */ let message = () => "";
  /** @type {Promise<Float32Array[] | null>} */ let pending = Promise.resolve(null);
  /** @type {Record<string, Tally>} */ let tallies = {};

  const begin = () => {
    const lines = [0];
    const newline = IDS[0].get("\n");
    ids.forEach((id, i) => {
      if (id === newline && i < ids.length - 200) lines.push(i + 1);
    });
    from = lines[Math.floor(Math.random() * lines.length)];
    at = Math.min(from + 30, ids.length - 1);
    tallies = {};
    for (const name of ["you", ...page.players[0]]) tallies[name] = { needed: [], bits: [] };
    message = () => "";
    ask();
  };
  const ask = () => {
    wrong = [];
    const seen = ids.slice(from, at);
    pending = page.engine.ask({ ask: "next", wait: true, model: 0, ids: seen, lane: "game" });
    show();
  };
  const guess = (/** @type {string} */ text) => {
    const character = [...text][0];
    if (character === undefined || at >= ids.length) return;
    const id = IDS[0].get(character);
    if (id === ids[at]) return reveal(wrong.length + 1);
    const again = id !== undefined && wrong.includes(id);
    if (id === undefined) message = () => t("game.unknown", { character: named(character) });
    else if (again) message = () => t("game.twice", { character: named(character) });
    else {
      wrong.push(id);
      if (wrong.length === MOST_GUESSES) return reveal(MOST_GUESSES + 1);
      const n = MOST_GUESSES - wrong.length;
      message = () => t("game.wrong", { character: named(character), n });
    }
    show();
  };
  const reveal = async (/** @type {number} */ guesses) => {
    const place = at;
    const id = ids[at];
    const said = await pending; // the players guess at the same place
    if (!said || place !== at) return;
    tallies.you.needed.push(guesses);
    page.players[0].forEach((/** @type {string} */ name, /** @type {number} */ i) => {
      tallies[name].needed.push(guessesOf(said[i], id));
      tallies[name].bits.push(-said[i][id] / Math.LN2);
    });
    const values = said.map((one, i) => ({
      name: page.players[0][i],
      share: Math.exp(one[id]),
      needed: guessesOf(one, id),
    }));
    message = () => {
      const right = guesses <= MOST_GUESSES;
      const first = t(right ? "game.right" : "game.shown", {
        character: named(characterOf(0, id)),
      });
      const others = values.map(({ name, share, needed }) => {
        const n = needed > MOST_GUESSES ? t("game.more") : String(needed);
        return t("game.gave", { player: t(`player.${name}`), share: percent(share), n });
      });
      return [first, ...others].join(" ");
    };
    at++;
    ask();
  };
  const show = () => {
    const text = ids
      .slice(from, at)
      .map((id) => shown(characterOf(0, id)))
      .join("");
    const now = make("span", { className: "now" }, at < ids.length ? "?" : "");
    $("game-text").replaceChildren(text, now);
    const over = at < ids.length ? "" : t("game.over");
    $("game-says").textContent = [message(), over].filter(Boolean).join(" ");
    scores();
  };
  const scores = () => {
    const n = tallies.you?.needed.length ?? 0;
    $("game-table").hidden = !n;
    $("game-verdict").textContent = n ? verdict(tallies) : "";
    if (!n) return;
    const head = ["game.player", "game.first", "game.mean", "game.bounds", "game.bits"].map((key) =>
      t(key),
    );
    const rows = Object.entries(tallies).map(([name, { needed, bits }]) => {
      const { lower, upper } = bounds(needed, size - MOST_GUESSES);
      return [
        t(`player.${name}`),
        percent(needed.filter((guesses) => guesses === 1).length / n),
        number(needed.reduce((a, b) => a + b, 0) / n, 1),
        t("game.from", { lower: number(lower, 1), upper: number(upper, 1) }),
        bits.length ? number(bits.reduce((a, b) => a + b, 0) / n, 2) : "–",
      ];
    });
    fill($("game-table"), head, rows, t("game.caption", { n: number(n) }));
  };

  $("game-form").onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    guess($("game-guess").value);
    $("game-guess").value = "";
    $("game-guess").focus();
  };
  $("game-guess").oninput = (/** @type {InputEvent} */ event) => {
    if (!event.isComposing) $("game-form").requestSubmit();
  };
  $("game-line").hidden = !IDS[0].has("\n");
  $("game-line").onclick = () => guess("\n");
  $("game-pass").onclick = () => at < ids.length && reveal(MOST_GUESSES + 1);
  $("game-again").onclick = begin;
  SPOKEN.push(show);
  begin();
}

/** Who guesses better, or that it cannot be told yet: by right first guesses, resampled.
 * @param {Record<string, Tally>} tallies */
function verdict({ you, network }) {
  const n = you.needed.length;
  if (n < 10) return t("game.soon", { n: 10 - n });
  const gaps = you.needed.map((needed, i) => needed - network.needed[i]);
  const random = generator(n);
  const means = Array.from({ length: 1000 }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += gaps[Math.floor(random() * n)];
    return sum / n;
  }).sort((a, b) => a - b);
  const [low, high] = [means[25], means[974]];
  const range = { low: number(low, 1), high: number(high, 1) };
  if (low > 0) return t("game.model", range);
  if (high < 0) return t("game.human", range);
  return t("game.close", range);
}
