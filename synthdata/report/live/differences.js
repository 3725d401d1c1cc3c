/* Where two texts differ: the longest sequence of words that both have, and what is outside it.
 *
 * Idea:   a longest common subsequence by dynamic programming; what begins and ends alike is left
 *         out of the table first. Chinese and Japanese characters are words of their own.
 * Source: R. A. Wagner and M. J. Fischer, "The string-to-string correction problem", J. ACM 21 (1974).
 */
"use strict";

/** A text as words and signs, each with the white space that follows it; nothing is lost.
 * @param {string} text @returns {string[]} */
function pieces(text) {
  const alone = "[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}]";
  const word = `(?:(?!${alone})[\\p{L}\\p{M}\\p{N}_])+`;
  return text.match(new RegExp(`^\\s+|(?:${alone}|${word}|\\S)\\s*`, "gu")) ?? [];
}

/** Whether each piece is one that the other text lacks at this place.
 * @param {string[]} left @param {string[]} right @returns {{left: boolean[], right: boolean[]}} */
function differences(left, right) {
  const a = left.map((piece) => piece.trim());
  const b = right.map((piece) => piece.trim());
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let end = 0;
  const most = Math.min(a.length, b.length) - from;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const rows = a.length - from - end;
  const columns = b.length - from - end;
  const wide = columns + 1;
  // common[i * wide + j]: length of the longest sequence that both have from i and from j on
  const common = new Uint16Array((rows + 1) * wide);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      common[i * wide + j] =
        a[from + i] === b[from + j]
          ? 1 + common[(i + 1) * wide + j + 1]
          : Math.max(common[(i + 1) * wide + j], common[i * wide + j + 1]);
    }
  }
  const only = { left: a.map(() => false), right: b.map(() => false) };
  let i = 0;
  let j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[from + i] === b[from + j]) {
      i++;
      j++;
    } else if (
      j === columns ||
      (i < rows && common[(i + 1) * wide + j] >= common[i * wide + j + 1])
    ) {
      only.left[from + i++] = true;
    } else {
      only.right[from + j++] = true;
    }
  }
  return only;
}

/** Neighbouring pieces of one kind as one run. @param {string[]} all @param {boolean[]} only
 * @returns {{text: string, only: boolean}[]} */
function runs(all, only) {
  /** @type {{text: string, only: boolean}[]} */
  const found = [];
  for (const [i, text] of all.entries()) {
    const last = found[found.length - 1];
    if (last && last.only === only[i]) last.text += text;
    else found.push({ text, only: only[i] });
  }
  return found;
}
