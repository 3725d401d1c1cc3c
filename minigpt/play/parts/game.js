/* Part 3, you against the model: guess the next character of a text that nobody here has seen.
 *
 * Idea:   after five wrong guesses the character is shown. The state behind the # is where the
 *         passage begins and how many guesses you needed; the others guess again.
 */
"use strict";

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
  let playing = true;

  const anywhere = () => {
    const lines = [0];
    const newline = IDS[0].get("\n");
    ids.forEach((id, i) => {
      if (id === newline && i < ids.length - 200) lines.push(i + 1);
    });
    return lines[Math.floor(Math.random() * lines.length)];
  };
  const begin = (/** @type {number} */ place) => {
    from = place;
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
    if (!playing || character === undefined || at >= ids.length) return;
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
    if (playing) keep();
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
    $("game-table").hidden = $("game-details").hidden = !n;
    $("game-verdict").textContent = n ? verdict(tallies) : "";
    if (!n) return;
    const players = Object.entries(tallies);
    const head = (/** @type {string[]} */ ...keys) => keys.map((key) => t(key));
    const guessed = players.map(([name, { needed }]) => [
      t(`player.${name}`),
      percent(needed.filter((guesses) => guesses === 1).length / n),
      number(needed.reduce((a, b) => a + b, 0) / n, 1),
    ]);
    const caption = t("game.caption", { n: number(n) });
    fill($("game-table"), head("game.player", "game.first", "game.mean"), guessed, caption);
    const coded = players.map(([name, { needed, bits }]) => {
      const { lower, upper } = bounds(needed, size - MOST_GUESSES);
      return [
        t(`player.${name}`),
        // a few characters can put Shannon's lower bound above the upper one
        lower > upper ? "–" : t("game.from", { lower: number(lower, 1), upper: number(upper, 1) }),
        bits.length ? number(bits.reduce((a, b) => a + b, 0) / n, 2) : "–",
      ];
    });
    fill($("game-bits"), head("game.player", "game.bounds", "game.bits"), coded);
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
  $("game-pass").onclick = () => playing && at < ids.length && reveal(MOST_GUESSES + 1);
  $("game-again").onclick = () => {
    if (!playing) return;
    begin(anywhere());
    keep();
  };
  SPOKEN.push(show);
  KEPT.push((state) => {
    const { needed } = tallies.you;
    if (!needed.length) return;
    state.set("passage", String(from));
    state.set("guesses", needed.join(""));
  });
  const again = async (/** @type {string} */ guesses) => {
    playing = false; // until the others have guessed as well
    for (const digit of guesses) await reveal(Number(digit));
    message = () => "";
    playing = true;
    show();
  };
  const place = Number(ASKED.get("passage") ?? -1);
  const guesses = ASKED.get("guesses") ?? "";
  const possible = Number.isInteger(place) && place >= 0 && place < ids.length;
  begin(possible ? place : anywhere());
  if (possible && /^[1-6]+$/.test(guesses)) again(guesses.slice(0, ids.length - at));
}
