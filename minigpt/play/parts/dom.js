/* Small things that every part uses: tables, numbers, names of characters, languages.
 *
 * Idea:   words come from one table in two languages. Elements are made by labkit/web/elements.js.
 */
"use strict";

/** What the page carries. @type {any} */
const DATA = JSON.parse($("data").textContent);

let language = "en";
/** @type {(() => void)[]} parts that say something, to be said again in another language */
const SPOKEN = [];

/** Words from the table, with {names} filled in.
 * @param {string} key @param {Record<string, string | number>} values */
function t(key, values = {}) {
  const words = DATA.strings[language][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Show the page in a language. @param {string} next */
function speak(next) {
  language = next in DATA.strings ? next : "en";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {HTMLElement} */ (element).dataset.t ?? "");
  }
  for (const say of SPOKEN) say();
}

/** Fill a table: a head, and rows whose first cell names them. @param {any} table
 * @param {string[]} head @param {string[][]} rows @param {string} caption */
function fill(table, head, rows, caption = "") {
  const line = (/** @type {any[]} */ cells) => make("tr", {}, ...cells);
  table.replaceChildren(
    ...(caption ? [make("caption", {}, caption)] : []),
    make("thead", {}, line(head.map((word) => make("th", { scope: "col" }, word)))),
    make(
      "tbody",
      {},
      ...rows.map(([name, ...cells]) =>
        line([make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))]),
      ),
    ),
  );
}

/** A number with this many digits behind the point. @param {number} value @param {number} digits */
function number(value, digits = 0) {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString(language, form);
}

/** A share as "43 %". @param {number} share */
function percent(share) {
  const digits = share >= 0.0995 || share === 0 ? 0 : share >= 0.00995 ? 1 : 2;
  if (share > 0 && share < 0.00005) return `< ${number(0.01, 2)} %`;
  return `${number(100 * share, digits)} %`;
}

/** A character by name if it cannot be seen. @param {string} character */
function named(character) {
  if (character === " ") return t("space");
  if (character === "\n") return t("newline");
  if (character === "\t") return t("tab");
  const code = character.codePointAt(0) ?? 0;
  return /[\p{C}\p{Z}\p{M}]/u.test(character)
    ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
    : character;
}

/** A character inside a running text: what cannot be seen is shown. @param {string} character */
function shown(character) {
  return character === "\n" ? "⏎\n" : /[^\n]/.test(character) ? visibleOf(character) : character;
}

/** Controls and directions as symbols, so that they cannot rearrange the page.
 * @param {string} text */
function visibleOf(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\n" || character === "\t") return character;
    return code < 32 ? String.fromCodePoint(0x2400 + code) : "\ufffd";
  });
}

/** Ids of a text for a model, and its characters that the model does not know.
 * @param {number} model @param {string} text */
function encode(model, text) {
  const table = IDS[model];
  /** @type {number[]} */
  const ids = [];
  const unknown = new Set();
  for (const character of text) {
    const id = table.get(character);
    if (id === undefined) unknown.add(character);
    else ids.push(id);
  }
  return { ids, unknown: [...unknown] };
}

/** @type {Map<string, number>[]} */
const IDS = DATA.models.map((/** @type {any} */ { header }) => {
  return new Map(
    header.characters.map((/** @type {string} */ c, /** @type {number} */ id) => [c, id]),
  );
});

/** @param {number} model @param {number} id @returns {string} */
const characterOf = (model, id) => DATA.models[model].header.characters[id];

/** Say which characters each model left out, or nothing. @param {any} element
 * @param {string[][]} unknown by model */
function sayUnknown(element, unknown) {
  const lines = unknown.map((some, model) => {
    if (!some.length) return "";
    const list = some.slice(0, 20).map(named).join("  ");
    const title = DATA.models.length > 1 ? `${DATA.models[model].name}: ` : "";
    return title + t("unknown", { list });
  });
  element.textContent = lines.filter(Boolean).join("\n");
  element.hidden = !element.textContent;
}

/** @param {number} ms */
const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

const calm = matchMedia("(prefers-reduced-motion: reduce)");
