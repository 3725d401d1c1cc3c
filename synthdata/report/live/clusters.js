/* The wordings of a cluster of near-duplicates side by side, with their differences marked.
 *
 * Idea:   without scripts they are a list; the two that are chosen are compared word by word.
 */
"use strict";

/** Let two wordings be chosen and compared, once the cluster is opened. @param {any} cluster */
function setUpCluster(cluster) {
  const list = cluster.querySelector("ol");
  const texts = [...list.children].map((/** @type {any} */ item) => ({
    words: item.querySelector(".wording").textContent,
    times: item.querySelector(".times").textContent,
  }));
  const sides = ["left", "right"].map((side, chosen) => {
    const options = texts.map(({ times }, i) =>
      make("option", {}, t("wording", { i: i + 1, times })),
    );
    const select = make("select", { onchange: () => compare() }, ...options);
    const text = make("p", { dir: "auto" });
    const column = make(
      "div",
      { className: "side" },
      make("label", {}, t(side), " ", select),
      text,
    );
    select.selectedIndex = chosen;
    return { select, text, column };
  });
  const told = make("p", { className: "small", role: "status" });
  const compare = () => {
    const [left, right] = sides.map(({ select }) => pieces(texts[select.selectedIndex].words));
    const only = differences(left, right);
    sides[0].text.replaceChildren(...marked(left, only.left, "del"));
    sides[1].text.replaceChildren(...marked(right, only.right, "ins"));
    const count = (/** @type {boolean[]} */ flags) => flags.filter(Boolean).length;
    told.textContent = t("differ", {
      left: count(only.left),
      leftAll: left.length,
      right: count(only.right),
      rightAll: right.length,
    });
  };
  list.replaceWith(
    make("div", { className: "beside" }, ...sides.map(({ column }) => column)),
    told,
  );
  compare();
}

/** A text whose own pieces are marked. @param {string[]} all @param {boolean[]} only
 * @param {string} tag @returns {(Node | string)[]} */
function marked(all, only, tag) {
  return runs(all, only).map((run) => {
    const text = run.text.trimEnd(); // the space after a marked word is not marked
    return run.only ? make("span", {}, make(tag, {}, text), run.text.slice(text.length)) : run.text;
  });
}
