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
  choosePlayers($("surprise-player"), page, false);
  const maps = DATA.models.map(() => make("p", { className: "text", dir: "auto" }));
  const columns = maps.map((/** @type {any} */ map, /** @type {number} */ i) => {
    const title = DATA.models.length > 1 ? [make("h3", {}, DATA.models[i].name)] : [];
    return make("div", {}, ...title, map);
  });
  $("surprise-maps").append(...columns);
  $("surprise-maps").classList.toggle("two", maps.length > 1);

  /** The chosen player of a model; its network, if it has no such player. @param {number} model */
  const playerOf = (model) => Math.max(0, page.players[model].indexOf($("surprise-player").value));
  const forget = () => {
    $("surprise-found").hidden = true; // colours and sizes were of another text
    if (!last) return;
    last = null;
    keep();
  };
  const measure = async () => {
    const text = $("surprise-text").value;
    const { ids, unknown } = encode(0, text);
    sayUnknown($("surprise-unknown"), [unknown]);
    if (!ids.length) return forget();
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
    const size = await sizes(kept);
    if ($("surprise-text").value !== text) return; // another text is being typed
    last = { ids, ...size, found };
    $("surprise-found").hidden = false;
    $("surprise-at").max = ids.length - 1;
    $("surprise-at").value = 0;
    show();
    keep();
  };
  const bitsAt = (/** @type {number} */ model, /** @type {number} */ at) =>
    last?.found[model].nats[playerOf(model)][at] / Math.LN2;
  const show = () => {
    legend();
    $("surprise-held").textContent = heldOut(page);
    if (!last) return;
    const { ids, found } = last;
    for (const [model, map] of maps.entries()) {
      columns[model].hidden = !found[model];
      if (!found[model]) continue; // it cannot read this text
      const spans = ids.map((id, at) => {
        const bits = bitsAt(model, at);
        const level = STEPS.filter((step) => bits >= step).length;
        const className = level ? `b${level}` : "";
        return make("span", { className }, shown(characterOf(0, id)));
      });
      map.replaceChildren(...spans);
    }
    tell();
    table();
  };
  const tell = () => {
    if (!last) return;
    const { ids, found } = last;
    const at = Number($("surprise-at").value);
    for (const map of maps) {
      for (const [i, span] of [...map.children].entries()) span.classList.toggle("here", i === at);
    }
    const lines = DATA.models.map((/** @type {any} */ { name }, /** @type {number} */ model) => {
      if (!found[model]) return t("surprise.cannot", { name });
      const bits = bitsAt(model, at);
      const values = {
        character: named(characterOf(0, ids[at])),
        bits: number(bits, 1),
        share: percent(2 ** -bits),
        expected: named(characterOf(model, found[model].likeliest[playerOf(model)][at])),
      };
      const title = maps.length > 1 ? `${name}: ` : "";
      return title + t("surprise.says", values);
    });
    $("surprise-says").textContent = lines.join("\n");
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
        if (name === "counting" && DATA.models[model].header.shared) continue; // the first's
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
  $("surprise-text").oninput = () => {
    sayUnknown($("surprise-unknown"), []);
    forget();
  };
  $("surprise-go").onclick = measure;
  $("surprise-player").onchange = () => {
    show();
    keep();
  };
  $("surprise-at").oninput = tell;
  $("surprise-at").onchange = keep;
  for (const map of maps) {
    map.onpointermove = (/** @type {PointerEvent} */ event) => {
      const at = [...map.children].indexOf(/** @type {any} */ (event.target));
      if (at < 0) return;
      $("surprise-at").value = at;
      tell();
    };
    map.onpointerleave = keep;
  }
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
