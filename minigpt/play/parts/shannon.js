/* What guesses tell: Shannon's bounds of the entropy, and who guesses better.
 *
 * Idea:   the number of guesses that are needed bounds the entropy of the text, for every player by
 *         the same formula.
 * Source: C. E. Shannon, "Prediction and entropy of printed English", Bell System Technical Journal
 *         30 (1951), 50-64, equation 17.
 */
"use strict";

const MOST_GUESSES = 5;

/** A player's record: how often it needed 1, ..., 5 guesses or more, and its exact bits.
 * @typedef {{needed: number[], bits: number[]}} Tally */

/** Shannon's bounds in bits from numbers of guesses (6: not in five, one of the `others`).
 * @param {number[]} needed @param {number} others characters that five guesses leave */
function bounds(needed, others) {
  const q = [0, 0, 0, 0, 0, 0, 0];
  for (const guesses of needed) q[guesses - 1] += 1 / needed.length;
  let upper = q[MOST_GUESSES] * Math.log2(Math.max(1, others));
  let lower = 0;
  for (let i = 0; i <= MOST_GUESSES; i++) {
    if (q[i] > 0) upper -= q[i] * Math.log2(q[i]);
    // what is not guessed in five may be spread over all others: it adds nothing that is certain
    const next = i + 1 < MOST_GUESSES ? q[i + 1] : 0;
    if (i < MOST_GUESSES) lower += (i + 1) * (q[i] - next) * Math.log2(i + 1);
  }
  return { lower: Math.max(0, lower), upper };
}

/** How many guesses a player would need who tries the likeliest first.
 * @param {Float32Array} logprobs @param {number} id */
function guessesOf(logprobs, id) {
  let before = 0;
  logprobs.forEach((value, other) => {
    if (value > logprobs[id] || (value === logprobs[id] && other < id)) before++;
  });
  return Math.min(before, MOST_GUESSES) + 1;
}

/** Who guesses better, or that it cannot be told yet: by right first guesses, resampled.
 * @param {Record<string, Tally>} tallies */
function verdict({ you, network }) {
  const n = you.needed.length;
  if (n < 10) return t("game.soon", { n: 10 - n });
  const gaps = you.needed.map((needed, i) => needed - network.needed[i]);
  const random = generator(n);
  const means = Array.from({ length: 1000 }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += gaps[Math.floor(random() * n)];
    return sum / n;
  }).sort((a, b) => a - b);
  const [low, high] = [means[25], means[974]];
  const [less, more] = [low, high].map((mean) => number(Math.abs(mean), 1));
  if (low > 0) return t("game.model", { low: less, high: more });
  if (high < 0) return t("game.human", { low: more, high: less });
  return t("game.close", { fewer: less, more });
}
