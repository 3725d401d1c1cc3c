/* Network and counting as one predictor: a gate says whom to believe when.
 *
 * Idea:   the gate sees how sure each is, and how well counting knows the context; a small network
 *         makes weights of it, with which log-probabilities (or probabilities) are averaged.
 * Source: minigpt/mixture/gate.py and members.py, whose probabilities these are.
 *
 * Legend: V characters, M members, F features, H hidden units. Log-probabilities in nats.
 */
"use strict";

/** A gate as `Gate.record` writes it.
 * @typedef {{mean: string, bias: number[], names: string[], shift: number[], scale: number[],
 *     inner: number[][], inner_bias: number[], outer: number[][]}} Gate */

/** Entropy, ln of the largest probability, and distance from the plain average, of each member,
 * followed by what it knows beside that.
 * @param {Float32Array[]} said @param {number[][]} own */
function features(said, own) {
  const v = said[0].length;
  const average = new Float64Array(v);
  for (const logprobs of said) {
    for (let c = 0; c < v; c++) average[c] += Math.exp(logprobs[c]) / said.length;
  }
  return said.flatMap((logprobs, member) => {
    let entropy = 0;
    let apart = 0;
    let peak = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < v; c++) {
      const p = Math.exp(logprobs[c]);
      if (logprobs[c] > peak) peak = logprobs[c];
      if (p > 0) {
        entropy -= p * logprobs[c];
        apart += p * (logprobs[c] - Math.log(average[c]));
      }
    }
    return [entropy, peak, apart, ...own[member]];
  });
}

/** The members' weights [M], which sum to one. @param {Gate} gate @param {number[]} known [F] */
function gateWeights(gate, known) {
  const hidden = gate.inner_bias.map((bias, h) =>
    Math.tanh(
      known.reduce((sum, x, f) => {
        return sum + ((x - gate.shift[f]) / gate.scale[f]) * gate.inner[f][h];
      }, bias),
    ),
  );
  const logits = gate.bias.map((bias, m) =>
    hidden.reduce((sum, value, h) => sum + value * gate.outer[h][m], bias),
  );
  const peak = Math.max(...logits);
  const e = logits.map((logit) => Math.exp(logit - peak));
  const total = e.reduce((a, b) => a + b);
  return e.map((value) => value / total);
}

/** Log-probabilities [V] of the mixture.
 * @param {Gate} gate @param {Float32Array[]} said of each member
 * @param {number[][]} own what members know beside that */
function mix(gate, said, own) {
  const w = gateWeights(gate, gate.names.length ? features(said, own) : []);
  const out = new Float32Array(said[0].length);
  for (let c = 0; c < out.length; c++) {
    if (gate.mean === "arithmetic") {
      out[c] = Math.log(said.reduce((sum, one, m) => sum + w[m] * Math.exp(one[c]), 0));
    } else {
      out[c] = said.reduce((sum, one, m) => sum + (w[m] ? w[m] * one[c] : 0), 0);
    }
  }
  logSoftmax(out, 0, out.length); // of an arithmetic mean this changes rounding alone
  return out;
}
