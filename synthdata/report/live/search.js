/* Search and order of texts, apart from the page that shows them.
 *
 * Idea:   a text fits if it has every word that was asked for, somewhere, in any case.
 * Omits:  patterns; a stranger's text may hold any sign.
 */
"use strict";

/** A text of the evidence. @typedef {{rank: number, times: number, text: string}} Told */

/** A text as it is searched: compatible characters and cases are alike. @param {string} text */
const plain = (text) => text.normalize("NFKC").toLowerCase();

/** Whether a text has all words that were asked for. @param {string} text @param {string} asked */
function fits(text, asked) {
  const here = plain(text);
  return plain(asked)
    .split(/\s+/u)
    .every((word) => here.includes(word));
}

/** How to order texts: negative if the first comes first. Equal ones stay as they were found.
 * @type {Record<string, (a: Told, b: Told) => number>} */
const ORDERS = {
  found: (a, b) => a.rank - b.rank,
  times: (a, b) => b.times - a.times || a.rank - b.rank,
  longest: (a, b) => b.text.length - a.text.length || a.rank - b.rank,
  alphabet: (a, b) => a.text.localeCompare(b.text, "en") || a.rank - b.rank,
};
