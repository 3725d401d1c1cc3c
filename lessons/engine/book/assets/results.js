/* The search page: what is asked stands in the address, what is found in a list of links.
 *
 * Idea:   a result is text and a link to its section; nothing of it becomes markup.
 */
"use strict";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const INDEX = JSON.parse(byId("book-data").textContent);

/** @type {Section[]} */
const SECTIONS = INDEX.rows.map((/** @type {string[]} */ row) => {
  const [file, place, title, heading, text] = row;
  return { file, place, title, heading, text };
});

/** @param {number} n */
function countWords(n) {
  if (n === 0) return INDEX.words.none;
  if (n === 1) return INDEX.words.one;
  const key = n > MOST_FOUND ? "most" : "found";
  return INDEX.words[key].replace("{n}", String(n)).replace("{most}", String(MOST_FOUND));
}

/** One result. @param {Section} section @param {string[]} words */
function result(section, words) {
  const link = document.createElement("a");
  link.href = section.place ? `${section.file}#${encodeURIComponent(section.place)}` : section.file;
  link.append(...marked(section.heading, words));
  const said = document.createElement("p");
  said.append(...marked(excerpt(section.text, words), words));
  const item = document.createElement("li");
  item.append(link);
  if (section.heading !== section.title) {
    const where = document.createElement("span");
    where.className = "note";
    where.textContent = ` ${section.title}`;
    item.append(where);
  }
  item.append(said);
  return item;
}

/** @param {string} asked */
function showResults(asked) {
  const found = look(SECTIONS, asked);
  const words = wordsOf(asked);
  byId("book-count").textContent = words.length > 0 ? countWords(found.length) : "";
  byId("book-found").replaceChildren(
    ...found.slice(0, MOST_FOUND).map((section) => result(section, words)),
  );
}

/** What the address asks for. */
function askedInAddress() {
  const asked = /^#q=(.*)$/.exec(location.hash)?.[1] ?? "";
  try {
    return decodeURIComponent(asked);
  } catch {
    return asked; // a % that is no code
  }
}

const ask = byId("book-ask");
const box = ask.elements.namedItem("q");
ask.hidden = false;
byId("book-off").hidden = true;
ask.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
box.addEventListener("input", () => {
  history.replaceState(null, "", `#q=${encodeURIComponent(box.value)}`);
  showResults(box.value);
});
function followAddress() {
  box.value = askedInAddress();
  showResults(box.value);
}
addEventListener("hashchange", followAddress);
followAddress();
box.focus();
