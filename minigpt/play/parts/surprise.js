/* Part 2, what surprises it: a text coloured by bits, and its size by every player and by gzip.
 *
 * Idea:   a character of probability p carries -log2 p bits; their sum is the size of the text for
 *         a coder that uses this player.
 * Omits:  characters that the model does not know, which are named and left out.
 */
"use strict";

const STEPS = [1, 2, 4, 6, 9]; // bits at which the colour becomes darker

/** Set up part 2. @param {any} page */
function setUpSurprise(page) {
  /** @type {{ids: number[], plain: number, gzip: number, found: any[]} | null} */
  let last = null;
  choosePlayers($("surprise-player"), page, true);

  const chosen = () => {
    const [model, player] = $("surprise-player").value.split(" ");
    return { model: Number(model), player: page.players[Number(model)].indexOf(player) };
  };
  const measure = async () => {
    const text = $("surprise-text").value;
    const { ids, unknown } = encode(0, text);
    sayUnknown($("surprise-unknown"), unknown);
    $("surprise-found").hidden = !ids.length;
    if (!ids.length) return;
    const kept = ids.map((id) => characterOf(0, id)).join("");
    const found = [];
    for (const model of DATA.models.keys()) {
      const mine = model ? encode(model, kept).ids : ids;
      const tell = (/** @type {number} */ share) => page.say(t("busy", { share: percent(share) }));
      const one = await page.engine.ask({ ask: "score", model, ids: mine, lane: "surprise" }, tell);
      if (!one) return;
      found.push(mine.length === ids.length ? one : null);
    }
    page.say("");
    last = { ids, ...(await sizes(kept)), found };
    $("surprise-at").max = ids.length - 1;
    $("surprise-at").value = 0;
    show();
    keep();
  };
  const bitsAt = (/** @type {number} */ at) => {
    const { model, player } = chosen();
    const found = last?.found[model];
    return found ? found.nats[player][at] / Math.LN2 : 0;
  };
  const show = () => {
    legend();
    if (!last) return;
    const spans = last.ids.map((id, at) => {
      const bits = bitsAt(at);
      const level = STEPS.filter((step) => bits >= step).length;
      const className = level ? `b${level}` : "";
      return make("span", { className }, shown(characterOf(0, id)));
    });
    $("surprise-map").replaceChildren(...spans);
    tell();
    table();
  };
  const tell = () => {
    if (!last) return;
    const at = Number($("surprise-at").value);
    const { model, player } = chosen();
    const spans = [...$("surprise-map").children];
    for (const [i, span] of spans.entries()) span.classList.toggle("here", i === at);
    const bits = bitsAt(at);
    const likeliest = last.found[model]?.likeliest[player][at] ?? 0;
    const values = {
      character: named(characterOf(0, last.ids[at])),
      bits: number(bits, 1),
      share: percent(2 ** -bits),
      expected: named(characterOf(model, likeliest)),
    };
    $("surprise-says").textContent = t("surprise.says", values);
  };
  const legend = () => {
    const keys = [0, ...STEPS].map((from, i) => {
      const to = STEPS[i];
      const words = to ? t("surprise.range", { from, to }) : t("surprise.over", { from });
      return make("span", { className: `key ${i ? `b${i}` : ""}` }, words);
    });
    $("surprise-legend").replaceChildren(t("surprise.legend"), " ", ...keys);
  };
  const table = () => {
    if (!last) return;
    const { ids, plain, gzip, found } = last;
    const row = (/** @type {string} */ name, /** @type {number} */ bits) => {
      return [name, number(Math.ceil(bits / 8)), number(bits / ids.length, 2)];
    };
    const rows = [row(t("surprise.plain"), 8 * plain), row("gzip", 8 * gzip)];
    for (const [model, one] of found.entries()) {
      for (const [player, name] of page.players[model].entries()) {
        if (!one) continue;
        let nats = 0;
        for (const value of one.nats[player]) nats += value;
        const title = playerName(name, DATA.models.length > 1 ? model : -1);
        rows.push(row(title, nats / Math.LN2));
      }
    }
    const head = ["surprise.by", "surprise.bytes", "surprise.each"].map((key) => t(key));
    fill($("surprise-table"), head, rows);
  };

  examples(page, measure);
  $("surprise-go").onclick = measure;
  $("surprise-player").onchange = () => {
    show();
    keep();
  };
  $("surprise-at").oninput = tell;
  $("surprise-at").onchange = keep;
  $("surprise-map").onpointermove = (/** @type {PointerEvent} */ event) => {
    const at = [...$("surprise-map").children].indexOf(/** @type {any} */ (event.target));
    if (at < 0) return;
    $("surprise-at").value = at;
    tell();
  };
  $("surprise-map").onpointerleave = keep;
  SPOKEN.push(show);
  KEPT.push((state) => {
    if (!last) return;
    state.set("measured", last.ids.map((id) => characterOf(0, id)).join(""));
    if ($("surprise-at").value !== "0") state.set("at", $("surprise-at").value);
    if ($("surprise-player").selectedIndex) state.set("colours", $("surprise-player").value);
  });
  const asked = (ASKED.get("measured") ?? "").slice(0, $("surprise-text").maxLength);
  $("surprise-text").value = asked || DATA.passage.slice(0, 300) || DATA.prompt;
  choose($("surprise-player"), ASKED.get("colours"));
  if (asked) {
    measure().then(() => {
      $("surprise-at").value = ASKED.get("at") ?? 0;
      tell();
      keep();
    });
  }
}

/** Buttons that fill in a text worth trying. @param {any} page @param {() => void} measure */
function examples(page, measure) {
  const backwards = (/** @type {string} */ text) => [...text].reverse().join("");
  const texts = {
    unseen: () => DATA.passage.slice(0, 300),
    own: () =>
      page.writers?.[0].written.map((/** @type {number} */ id) => characterOf(0, id)).join(""),
    backwards: () => backwards($("surprise-text").value),
    again: () => `${$("surprise-text").value.slice(0, 500)}\n`.repeat(2),
    nonsense: () => $("surprise-text").value.replace(/\S/gu, () => pick($("surprise-text").value)),
  };
  const pick = (/** @type {string} */ text) => {
    const letters = [...text].filter((c) => c.trim());
    return letters[Math.floor(Math.random() * letters.length)];
  };
  for (const [name, text] of Object.entries(texts)) {
    if (name === "unseen" && !DATA.passage) continue;
    if (name === "own" && !page.writers) continue;
    const button = make("button", { type: "button" });
    button.dataset.t = `surprise.${name}`;
    button.onclick = () => {
      const found = text();
      if (!found) return page.say(t("surprise.nothing"));
      $("surprise-text").value = found;
      measure();
    };
    $("surprise-examples").append(button);
  }
}
