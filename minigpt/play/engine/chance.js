/* Chance: temperature, top-k and top-p, draws, and a generator whose seed can be told.
 *
 * Idea:   temperature T divides the logits before the softmax; at 0 only the likeliest is left.
 * Source: minigpt/sample/streams.py, whose probabilities these are.
 */
"use strict";

/** How to draw: temperature, top-k (0 for all) and top-p.
 * @typedef {{temperature: number, topK: number, topP: number}} Shaping */

/** Log-probabilities [V] -> probabilities [V] to draw from. @param {ArrayLike<number>} logprobs
 * @param {Shaping} shaping */
function shape(logprobs, { temperature, topK, topP }) {
  const v = logprobs.length;
  const p = new Float64Array(v);
  const order = Array.from(p.keys());
  if (topK > 0 || topP < 1 || temperature === 0) {
    order.sort((a, b) => logprobs[b] - logprobs[a] || a - b); // ties: the first ids come first
  }
  if (temperature === 0) {
    p[order[0]] = 1;
    return p;
  }
  let peak = logprobs[0];
  for (let c = 1; c < v; c++) if (logprobs[c] > peak) peak = logprobs[c];
  const count = topK > 0 ? Math.min(topK, v) : v;
  for (const c of order.slice(0, count)) p[c] = Math.exp((logprobs[c] - peak) / temperature);
  divide(p);
  if (topP < 1) {
    let held = 0;
    for (const c of order) {
      const share = p[c];
      if (held >= topP) p[c] = 0; // the ones before it already hold top-p
      held += share;
    }
    divide(p);
  }
  return p;
}

/** Divide by the sum, in place. @param {Float64Array} p */
function divide(p) {
  let sum = 0;
  for (const value of p) sum += value;
  for (let c = 0; c < p.length; c++) p[c] /= sum;
}

/** One id, drawn from probabilities. @param {Float64Array} p @param {number} u in [0, 1) */
function draw(p, u) {
  let sum = 0;
  let last = 0;
  for (let c = 0; c < p.length; c++) {
    if (p[c] === 0) continue;
    sum += p[c];
    last = c;
    if (u < sum) return c;
  }
  return last;
}

/** Numbers in [0, 1) from a seed (mulberry32): equal seeds, equal numbers. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
