/* Part 5, how varied it is: two sets of short texts, and their effective words.
 *
 * Idea:   the exponential of the entropy of the words is the number of equally frequent words that
 *         would be as varied. It grows with the number of words, so both count equally many.
 * Source: M. O. Hill, "Diversity and evenness", Ecology 54 (1973), 427-432; python -m synthdata
 *         measures the same, with intervals.
 */
"use strict";

const TEXTS = 64;
const LENGTH = 100; // characters of each

/** Words of a text: letters, marks and digits; a character each where no spaces are written.
 * @param {string} text @returns {string[]} */
function wordsOf(text) {
  const alone = "[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}]";
  const word = "[\\p{L}\\p{M}\\p{N}_]+(?:['’\\-][\\p{L}\\p{M}\\p{N}_]+)*";
  return text.replace(new RegExp(alone, "gu"), " $& ").match(new RegExp(word, "gu")) ?? [];
}

/** exp(entropy) of a list: the effective number of different ones. @param {string[]} list */
function effective(list) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) {
    entropy -= (count / list.length) * Math.log(count / list.length);
  }
  return Math.exp(entropy);
}

/** Set up part 5. @param {any} page */
function setUpVary(page) {
  const sides = [0, 1].map((side) => {
    const select = make("select", {});
    const slider = make("input", { type: "range", min: 0, max: 2, step: 0.05 });
    const output = make("output", {});
    const words = ["vary.writer", "temperature"].map((key) => make("span", { "data-t": key }));
    const legend = make("legend", { "data-t": `vary.side${side}` });
    const writer = make("label", {}, words[0], " ", select);
    const slide = make("span", { className: "slide" }, slider, " ", output);
    const warmth = make("label", {}, words[1], " ", slide);
    $("vary-asked").append(
      make(
        "fieldset",
        {},
        legend,
        make("div", { className: "row" }, writer),
        make("div", { className: "row" }, warmth),
      ),
    );
    choosePlayers(select, page, true);
    const two = DATA.models.length > 1;
    slider.value = two ? 0.8 : [0.3, 1][side];
    if (two && side) select.value = "1 network";
    const [, player, heat] = (ASKED.get(`vary${side}`) ?? "").match(/^(\d \w+) ([\d.]+)$/) ?? [];
    if (player) {
      choose(select, player);
      slider.value = heat;
    }
    const say = () => {
      output.textContent = number(Number(slider.value), 2);
    };
    slider.oninput = say;
    SPOKEN.push(say);
    return { select, slider };
  });
  $("vary-asked").classList.add("two");

  /** @type {string[][] | null} texts of both sides */
  let written = null;
  const go = async () => {
    /** @type {string[][]} */
    const found = [];
    for (const [side, { select, slider }] of sides.entries()) {
      const [model, player] = select.value.split(" ");
      const asked = {
        ...{ ask: "write", model: Number(model), ids: [], count: TEXTS, length: LENGTH, seed: 1 },
        player: page.players[Number(model)].indexOf(player),
        shaping: { temperature: Number(slider.value), topK: 0, topP: 1 },
      };
      const tell = (/** @type {number} */ share) =>
        page.say(t("busy", { share: percent((side + share) / 2) }));
      const one = await page.engine.ask(asked, tell);
      if (!one) return;
      const text = (/** @type {number[]} */ ids) =>
        ids.map((id) => characterOf(Number(model), id)).join("");
      found.push(one.texts.map(text));
    }
    page.say("");
    written = found;
    show();
    keep();
  };
  const show = () => {
    if (!written) return;
    const words = written.map((side) => side.flatMap(wordsOf));
    const n = Math.min(...words.map((side) => side.length));
    const columns = written.map((side, i) => {
      const counts = new Map();
      for (const line of side.map(firstLine)) counts.set(line, (counts.get(line) ?? 0) + 1);
      counts.delete(""); // a text of empty lines
      const order = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
      const values = { distinct: number(counts.size), lines: number(side.length), n: number(n) };
      return make(
        "div",
        {},
        make("h3", {}, t(`vary.side${i}`)),
        make("p", { className: "big" }, n ? number(effective(words[i].slice(0, n))) : "–"),
        make("p", {}, t("vary.words", values)),
        make("p", {}, t("vary.lines", values)),
        make(
          "ol",
          { className: "lines" },
          ...order.map(([line, count]) =>
            make("li", { dir: "auto" }, visibleOf(line), count > 1 ? ` × ${number(count)}` : ""),
          ),
        ),
      );
    });
    $("vary-found").replaceChildren(make("div", { className: "columns two" }, ...columns));
  };
  $("vary-go").onclick = go;
  SPOKEN.push(show);
  KEPT.push((state) => {
    if (!written) return;
    for (const [side, { select, slider }] of sides.entries()) {
      state.set(`vary${side}`, `${select.value} ${slider.value}`);
    }
  });
  if (ASKED.has("vary0")) go();
}

/** The first line of a text that is not empty. @param {string} text */
function firstLine(text) {
  return text.split("\n").find((line) => line.trim()) ?? "";
}
