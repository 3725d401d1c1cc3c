/* Counting as a language model: interpolated modified Kneser-Ney.
 *
 * Idea:   the next character is predicted from what followed the last six; each count gives up a
 *         little, which goes to the prediction from one character less. The counts are made here,
 *         from the training text that travels in the page.
 * Source: minigpt/ngram.py, whose probabilities these are.
 *
 * Legend: V characters. A gram is a node of a trie; the grams that extend a context are adjacent.
 */
"use strict";

/** All grams of one length, and the contexts they extend.
 * @typedef {{last: Uint16Array, first: Int32Array, kept: Float64Array, handed: Float64Array,
 *     seen: Float64Array}} Level */

class Counts {
  /** @param {number} size V @param {number} order counts the predicted character */
  constructor(size, order) {
    this.size = size;
    this.order = order;
    /** @type {Level[]} */
    this.levels = [];
  }

  /** Count a text, at least one character; a step of the generator for each length of grams.
   * @param {Uint16Array} ids @returns {Generator<void>} */
  *learn(ids) {
    this.order = Math.min(this.order, ids.length);
    const tries = [];
    for (const trie of countGrams(ids, this.size, this.order)) {
      tries.push(trie);
      yield;
    }
    for (const { last, parent, counts, contexts } of tries) {
      this.levels.push(smooth(last, parent, counts, contexts));
      yield;
    }
  }

  /** Grams of the last 0, 1, ... characters before `end`, -1 if unseen; [order].
   * @param {ArrayLike<number>} ids @param {number} end */
  nodes(ids, end = ids.length) {
    const found = new Int32Array(this.order).fill(-1);
    found[0] = 0;
    for (let k = 1; k < this.order && k <= end; k++) {
      let gram = 0;
      for (let i = end - k; i < end && gram >= 0; i++) {
        gram = this.child(i - end + k, gram, ids[i]);
      }
      if (gram < 0) break; // a longer context was not seen either
      found[k] = gram;
    }
    return found;
  }

  /** The gram that extends gram `node` of length k by a character; -1 if unseen.
   * @param {number} k @param {number} node @param {number} id */
  child(k, node, id) {
    const { last, first } = this.levels[k];
    let low = first[node];
    let high = first[node + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (last[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low < first[node + 1] && last[low] === id ? low : -1;
  }

  /** Log-probabilities [V] of the next character. @param {Int32Array} nodes */
  after(nodes) {
    const p = new Float64Array(this.size).fill(1 / this.size);
    this.levels.forEach(({ last, first, kept, handed }, k) => {
      const context = nodes[k];
      if (context < 0) return;
      for (let c = 0; c < p.length; c++) p[c] *= handed[context];
      for (let gram = first[context]; gram < first[context + 1]; gram++)
        p[last[gram]] += kept[gram];
    });
    return Float32Array.from(p, Math.log);
  }

  /** Length of the longest counted context, and ln(1 + its count). @param {Int32Array} nodes */
  matched(nodes) {
    let length = 0;
    while (length + 1 < this.order && nodes[length + 1] >= 0) length++;
    return [length, Math.fround(Math.log1p(this.levels[length].seen[nodes[length]]))];
  }
}

/** Grams of length 1 to `order`, a length at a time: last character, parent, count. Below the longest, different left
 * neighbours are counted (the text's beginning is one) instead of occurrences, while the next
 * length is.
 * @param {Uint16Array} ids @param {number} v @param {number} order */
function* countGrams(ids, v, order) {
  const n = ids.length;
  const byLast = sorted(ids, v, null);
  let gram = new Int32Array(n); // the gram of the current length that begins at each place
  let contexts = 1;
  /** @type {{last: Uint16Array, parent: Int32Array, counts: Int32Array, contexts: number} | null} */
  let below = null;
  for (let k = 0; k < order; k++) {
    const more = new Int32Array(n - k);
    const places = sorted(gram.subarray(0, n - k), contexts, byLast, k);
    const last = new Uint16Array(n - k);
    const parent = new Int32Array(n - k);
    const counts = new Int32Array(n - k);
    if (below) below.counts = new Int32Array(below.last.length);
    let grams = 0;
    for (const place of places) {
      const id = ids[place + k];
      if (!grams || last[grams - 1] !== id || parent[grams - 1] !== gram[place]) {
        last[grams] = id;
        parent[grams] = gram[place];
        if (below) below.counts[gram[place + 1]]++; // another left neighbour of its suffix
        grams++;
      }
      counts[grams - 1]++;
      more[place] = grams - 1;
    }
    if (below) below.counts[gram[0]]++;
    below = {
      last: last.slice(0, grams),
      parent: parent.slice(0, grams),
      counts: counts.slice(0, grams),
      contexts,
    };
    yield below;
    gram = more;
    contexts = grams;
  }
}

/** Places in the order of `keys`, from 0 to `most` - 1; equal keys in the order of `byLast`, whose
 * places are `shift` too high (null: as they come). One pass: a counting sort.
 * @param {Int32Array | Uint16Array} keys @param {number} most
 * @param {Int32Array | null} byLast @param {number} shift */
function sorted(keys, most, byLast, shift = 0) {
  const next = new Int32Array(most + 1);
  for (let i = 0; i < keys.length; i++) next[keys[i] + 1]++;
  for (let key = 0; key < most; key++) next[key + 1] += next[key];
  const out = new Int32Array(keys.length);
  const count = byLast ? byLast.length : keys.length;
  for (let i = 0; i < count; i++) {
    const place = byLast ? byLast[i] - shift : i;
    if (place >= 0) out[next[keys[place]]++] = place;
  }
  return out;
}

/** Discount the counts of one length and share each context's mass among its grams.
 * @param {Uint16Array} last @param {Int32Array} parent @param {Int32Array} counts
 * @param {number} contexts @returns {Level} */
function smooth(last, parent, counts, contexts) {
  const discounts = estimateDiscounts(counts);
  const seen = new Float64Array(contexts);
  const handed = new Float64Array(contexts);
  const first = new Int32Array(contexts + 1);
  const kept = new Float64Array(last.length);
  counts.forEach((count, gram) => {
    const discount = Math.min(discounts[Math.min(count, 3) - 1], count);
    seen[parent[gram]] += count;
    handed[parent[gram]] += discount;
    kept[gram] = count - discount;
    first[parent[gram] + 1]++;
  });
  for (let c = 0; c < contexts; c++) first[c + 1] += first[c];
  for (let gram = 0; gram < last.length; gram++) kept[gram] /= seen[parent[gram]];
  // a context seen only at the very end of the text has no grams: all goes to the shorter one
  for (let c = 0; c < contexts; c++) handed[c] = seen[c] ? handed[c] / seen[c] : 1;
  return { last, first, kept, handed, seen };
}

/** What a count of one, two, three or more gives up. @param {Int32Array} counts */
function estimateDiscounts(counts) {
  const n = [0, 0, 0, 0, 0, 0];
  for (const count of counts) n[Math.min(count, 5)]++;
  const y = n[1] / (n[1] + 2 * n[2]);
  const d = [1 - (2 * y * n[2]) / n[1], 2 - (3 * y * n[3]) / n[2], 3 - (4 * y * n[4]) / n[3]];
  return Math.min(n[1], n[2], n[3], n[4]) > 0 && Math.min(...d) > 0 ? d : [0.5, 1, 1.5];
}
