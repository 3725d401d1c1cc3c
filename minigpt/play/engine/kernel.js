/* Matrix products and norms on plain arrays of float32.
 *
 * Idea:   nearly all time goes into y = W x. Four outputs at a time read x once for all four; with
 *         four rows or more, two outputs for four rows read each weight once for all four.
 * Source: minigpt/ops.py and minigpt/layers.py, whose numbers these repeat.
 * Omits:  WebAssembly, which would be faster and could not be read here.
 */
"use strict";

/** A matrix of float32, row by row: `outer` rows of `inner` numbers.
 * @typedef {{data: Float32Array, outer: number, inner: number}} Matrix */

/** y[r] = W x[r] + bias, for `rows` vectors side by side. Sums are in double precision.
 * @param {Matrix} matrix
 * @param {Float32Array | null} bias
 * @param {Float32Array} x [rows, inner]
 * @param {Float32Array} y [rows, outer]
 * @param {number} rows */
function multiply(matrix, bias, x, y, rows) {
  const { data, outer, inner } = matrix;
  let r = 0;
  for (; r + 4 <= rows; r += 4) fourRows(data, outer, inner, x, y, r);
  for (; r < rows; r++) oneRow(data, outer, inner, x, y, r);
  if (bias) {
    for (let i = 0; i < rows * outer; i++) y[i] += bias[i % outer];
  }
}

/** @param {Float32Array} w @param {number} outer @param {number} inner
 * @param {Float32Array} x @param {Float32Array} y @param {number} r */
function oneRow(w, outer, inner, x, y, r) {
  const from = r * inner;
  const to = r * outer;
  let o = 0;
  for (; o + 4 <= outer; o += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = o * inner;
    let j = i + inner;
    let k = j + inner;
    let l = k + inner;
    for (let e = from; e < from + inner; e++) {
      const v = x[e];
      a += w[i++] * v;
      b += w[j++] * v;
      c += w[k++] * v;
      d += w[l++] * v;
    }
    y[to + o] = a;
    y[to + o + 1] = b;
    y[to + o + 2] = c;
    y[to + o + 3] = d;
  }
  for (; o < outer; o++) y[to + o] = dot(w, o * inner, x, from, inner);
}

/** @param {Float32Array} w @param {number} outer @param {number} inner
 * @param {Float32Array} x @param {Float32Array} y @param {number} r */
function fourRows(w, outer, inner, x, y, r) {
  const x0 = r * inner;
  const x1 = x0 + inner;
  const x2 = x1 + inner;
  const x3 = x2 + inner;
  let o = 0;
  for (; o + 2 <= outer; o += 2) {
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    const i = o * inner;
    const j = i + inner;
    for (let e = 0; e < inner; e++) {
      const u = w[i + e];
      const v = w[j + e];
      const p = x[x0 + e];
      const q = x[x1 + e];
      const s = x[x2 + e];
      const t = x[x3 + e];
      a0 += u * p;
      a1 += u * q;
      a2 += u * s;
      a3 += u * t;
      b0 += v * p;
      b1 += v * q;
      b2 += v * s;
      b3 += v * t;
    }
    const y0 = r * outer + o;
    y[y0] = a0;
    y[y0 + outer] = a1;
    y[y0 + 2 * outer] = a2;
    y[y0 + 3 * outer] = a3;
    y[y0 + 1] = b0;
    y[y0 + outer + 1] = b1;
    y[y0 + 2 * outer + 1] = b2;
    y[y0 + 3 * outer + 1] = b3;
  }
  for (; o < outer; o++) {
    for (let n = 0; n < 4; n++) {
      y[(r + n) * outer + o] = dot(w, o * inner, x, x0 + n * inner, inner);
    }
  }
}

/** Sum of a[i + n] b[j + n] for n < length.
 * @param {Float32Array} a @param {number} i @param {Float32Array} b @param {number} j
 * @param {number} length */
function dot(a, i, b, j, length) {
  let sum = 0;
  for (let n = 0; n < length; n++) sum += a[i + n] * b[j + n];
  return sum;
}

/** Divide the numbers from `at` on by their root mean square, or by 0.001 if that is smaller.
 * @param {Float32Array} x @param {number} at @param {number} length @param {Float32Array} y */
function rmsNorm(x, at, length, y) {
  const rms = Math.sqrt(dot(x, at, x, at, length) / length);
  const inverse = 1 / Math.max(rms, 1e-3);
  for (let n = at; n < at + length; n++) y[n] = x[n] * inverse;
}

/** (x - mean) / standard deviation, times weight, plus bias.
 * @param {Float32Array} x @param {number} at @param {number} length @param {Float32Array} y
 * @param {Float32Array} weight @param {Float32Array | null} bias */
function layerNorm(x, at, length, y, weight, bias) {
  let mean = 0;
  for (let n = 0; n < length; n++) mean += x[at + n];
  mean /= length;
  let variance = 0;
  for (let n = 0; n < length; n++) variance += (x[at + n] - mean) ** 2;
  const inverse = 1 / Math.sqrt(variance / length + 1e-5);
  for (let n = 0; n < length; n++) {
    y[at + n] = (x[at + n] - mean) * inverse * weight[n] + (bias ? bias[n] : 0);
  }
}

/** x Phi(x), Phi the normal distribution: its error function as a series without cancellation.
 * @param {number} x */
function gelu(x) {
  const z = Math.abs(x) / Math.SQRT2;
  if (z > 5) return Math.max(x, 0);
  let term = z;
  let sum = z;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  const erf = (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
  return 0.5 * x * (1 + (x > 0 ? erf : -erf));
}

/** Turn logits into log-probabilities, in place: x - ln(sum of exp(x)).
 * @param {Float32Array} x @param {number} at @param {number} length */
function logSoftmax(x, at, length) {
  let peak = Number.NEGATIVE_INFINITY;
  for (let n = at; n < at + length; n++) if (x[n] > peak) peak = x[n];
  let sum = 0;
  for (let n = at; n < at + length; n++) sum += Math.exp(x[n] - peak);
  const shift = peak + Math.log(sum);
  for (let n = at; n < at + length; n++) x[n] -= shift;
}

/** Cosines and sines of position / 10000^(i / half), from float32 angles as in Python.
 * @param {number} context @param {number} half */
function rotations(context, half) {
  const cos = new Float32Array(context * half);
  const sin = new Float32Array(context * half);
  for (let i = 0; i < half; i++) {
    const rate = Math.fround(10000 ** Math.fround(-i / half));
    for (let t = 0; t < context; t++) {
      const angle = Math.fround(t * rate);
      cos[t * half + i] = Math.cos(angle);
      sin[t * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin, half };
}

/** A kernel [4, in, out] as a matrix [out, 4 in]. @param {Matrix} kernel @param {number} e */
function stackedKernel(kernel, e) {
  const data = new Float32Array(4 * e * e);
  for (let k = 0; k < 4; k++) {
    for (let i = 0; i < e; i++) {
      for (let o = 0; o < e; o++) data[o * 4 * e + k * e + i] = kernel.data[(k * e + i) * e + o];
    }
  }
  return { data, outer: e, inner: 4 * e };
}
