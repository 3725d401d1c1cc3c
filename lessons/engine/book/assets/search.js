/* The search: every word has to stand in a section, as a part of a word too.
 *
 * Idea:   the index is in the page, so that a file on a disk needs no fetch. A title counts more
 *         than a heading, a heading more than the text. Words found are marked.
 * Omits:  stems and synonyms; ranking by rarity.
 */
"use strict";

const MOST_FOUND = 50;
const AROUND = 90;

/** @typedef {{ file: string, place: string, title: string, heading: string, text: string }}
 * Section */

/** Lower case, without accents, of the same length as the text: one unit for each.
 * @param {string} text */
function plain(text) {
  return [...text]
    .map((c) => {
      const simple = c.normalize("NFD")[0].toLowerCase();
      return simple.length === c.length ? simple : c;
    })
    .join("");
}

/** The words asked for. @param {string} asked */
function wordsOf(asked) {
  return [...new Set(plain(asked).split(/[\s,;]+/u))].filter(Boolean).slice(0, 12);
}

/** How well a section fits; 0 if a word is missing. @param {Section} section
 * @param {string[]} words */
function fits(section, words) {
  const [title, heading, text] = [section.title, section.heading, section.text].map(plain);
  let score = 0;
  for (const word of words) {
    const times = text.split(word).length - 1;
    const found = 20 * Number(title.includes(word)) + 10 * Number(heading.includes(word));
    if (found + times === 0) return 0;
    score += found + Math.min(times, 5);
  }
  return score;
}

/** Sections in which all words are found, the best first. @param {Section[]} sections
 * @param {string} asked */
function look(sections, asked) {
  const words = wordsOf(asked);
  if (words.length === 0) return [];
  return sections
    .map((section) => ({ section, score: fits(section, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ section }) => section);
}

/** A piece of text from where most of the words are close together. @param {string} text
 * @param {string[]} words */
function excerpt(text, words) {
  const low = plain(text);
  let first = 0;
  let most = 0;
  for (const word of words) {
    for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + word.length)) {
      const near = low.slice(at, at + 2 * AROUND);
      const has = words.filter((other) => near.includes(other)).length;
      if (has > most || (has === most && at < first)) [first, most] = [at, has];
    }
  }
  let begin = first > AROUND ? low.indexOf(" ", first - AROUND) + 1 : 0;
  if (begin > first || begin === 0) begin = Math.max(0, first - AROUND);
  let end = Math.min(text.length, first + 2 * AROUND);
  if (end < text.length && low.lastIndexOf(" ", end) > first) end = low.lastIndexOf(" ", end);
  return `${begin > 0 ? "… " : ""}${text.slice(begin, end)}${end < text.length ? " …" : ""}`;
}

/** A text with the words in it marked, as nodes. @param {string} text @param {string[]} words
 * @returns {(Node | string)[]} */
function marked(text, words) {
  const low = plain(text);
  const nodes = [];
  let at = 0;
  while (at < text.length) {
    let next = text.length;
    let length = 0;
    for (const word of words) {
      const place = low.indexOf(word, at);
      if (place >= 0 && (place < next || (place === next && word.length > length))) {
        next = place;
        length = word.length;
      }
    }
    nodes.push(text.slice(at, next));
    if (length > 0) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(next, next + length);
      nodes.push(mark);
    }
    at = next + length;
  }
  return nodes;
}
