/* The layers of the transformer, each for many rows at once.
 *
 * Idea:   a row is one position of one stream. Its key and value are written into the stream's
 *         memory first, then it attends to all up to its own position. So one function serves
 *         writing (a row), reading (many rows of a stream) and many streams (a row of each).
 * Source: minigpt/layers.py; tests/minigpt/play holds the two together.
 * Omits:  dropout, which is off when predicting.
 *
 * Legend: R rows, E width (n_embd), H heads, D width of a head.
 */
"use strict";

/** What a layer sees of the positions before: keys and values, or a convolution's inputs.
 * @typedef {{keys: Float32Array, values: Float32Array}} Memory */

/** A row: `before` is the id of the character before, -1 for none; `wanted`: predict after it.
 * @typedef {{stream: number, position: number, id: number, before: number, wanted: boolean}} Row */

class Layers {
  /** @param {Record<string, any>} config fields of GPTConfig
   * @param {Map<string, Matrix>} tensors */
  constructor(config, tensors) {
    this.config = config;
    this.tensors = tensors;
    this.width = config.n_embd;
    this.context = config.context;
    this.heads = config.n_head;
    this.attends = config.attention === "softmax";
    const half = this.width / this.heads / 2;
    this.turns = config.position === "rope" ? rotations(this.context, half) : null;
    /** @type {Matrix[]} */
    this.kernels = [];
    for (let i = 0; i < config.n_layer && !this.attends; i++) {
      this.kernels.push(stackedKernel(this.tensor(`blocks.${i}.attention.kernel`), this.width));
    }
    const numbers = CHUNK * this.width;
    this.x = new Float32Array(numbers);
    this.normed = new Float32Array(numbers);
    this.mixed = new Float32Array(numbers);
    this.added = new Float32Array(numbers);
    this.qkv = new Float32Array(3 * numbers);
    this.wide = new Float32Array(4 * numbers);
    this.scores = new Float64Array(this.context);
  }

  /** @param {string} name @returns {Matrix} */
  tensor(name) {
    const found = this.tensors.get(name);
    if (!found) throw new Error(`the file lacks ${name}`);
    return found;
  }

  /** @param {string} name @returns {Float32Array | null} */
  vector(name) {
    return this.tensors.get(name)?.data ?? null;
  }

  /** x = x + attention(norm(x)); x = x + mlp(norm(x)).
   * @param {Memory} kept @param {number} layer @param {any[]} rows
   * @param {((row: number, head: number, weights: Float64Array) => void) | null} look */
  block(kept, layer, rows, look) {
    const name = `blocks.${layer}`;
    this.normalise(this.x, rows.length, `${name}.norm_1`, this.normed);
    if (this.attends) this.attend(kept, name, rows, look);
    else this.convolve(kept, layer, rows);
    this.add(rows.length);
    this.normalise(this.x, rows.length, `${name}.norm_2`, this.normed);
    this.linear(`${name}.mlp.widen`, this.normed, this.wide, rows.length);
    const count = rows.length * 4 * this.width;
    const gelus = this.config.activation === "gelu";
    for (let i = 0; i < count; i++) {
      const value = this.wide[i];
      this.wide[i] = gelus ? gelu(value) : value > 0 ? value * value : 0;
    }
    this.linear(`${name}.mlp.narrow`, this.wide, this.added, rows.length);
    this.add(rows.length);
  }

  /** @param {Memory} kept @param {string} name @param {any[]} rows
   * @param {((row: number, head: number, weights: Float64Array) => void) | null} look */
  attend(kept, name, rows, look) {
    const e = this.width;
    const d = e / this.heads;
    this.linear(`${name}.attention.qkv`, this.normed, this.qkv, rows.length);
    rows.forEach(({ stream, position }, r) => {
      for (let at = r * 3 * e; at < r * 3 * e + 2 * e; at += d) {
        if (this.config.qk_norm) rmsNorm(this.qkv, at, d, this.qkv);
        if (this.turns) this.turn(at, position);
      }
      const place = (stream * this.context + position) * e;
      kept.keys.set(this.qkv.subarray(r * 3 * e + e, r * 3 * e + 2 * e), place);
      kept.values.set(this.qkv.subarray(r * 3 * e + 2 * e, (r + 1) * 3 * e), place);
    });
    this.mixed.fill(0, 0, rows.length * e);
    const scale = this.config.attention_scale / Math.sqrt(d);
    rows.forEach(({ stream, position }, r) => {
      for (let head = 0; head < this.heads; head++) {
        const first = stream * this.context * e + head * d;
        this.weigh(kept.keys, first, r * 3 * e + head * d, d, position + 1, scale);
        if (look) look(r, head, this.scores);
        const to = r * e + head * d;
        for (let t = 0; t <= position; t++) {
          const weight = this.scores[t];
          const from = first + t * e;
          for (let i = 0; i < d; i++) this.mixed[to + i] += weight * kept.values[from + i];
        }
      }
    });
    this.linear(`${name}.attention.project`, this.mixed, this.added, rows.length);
  }

  /** Attention weights of a query for the first `count` keys, into `scores`; they sum to one.
   * @param {Float32Array} keys @param {number} first @param {number} query @param {number} d
   * @param {number} count @param {number} scale */
  weigh(keys, first, query, d, count, scale) {
    const { scores, qkv, width } = this;
    let peak = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < count; t++) {
      const score = dot(qkv, query, keys, first + t * width, d) * scale;
      scores[t] = score;
      if (score > peak) peak = score;
    }
    let sum = 0;
    for (let t = 0; t < count; t++) {
      scores[t] = Math.exp(scores[t] - peak);
      sum += scores[t];
    }
    for (let t = 0; t < count; t++) scores[t] /= sum;
  }

  /** Rotate the pairs (i, i + D / 2) of a query or key. @param {number} at @param {number} t */
  turn(at, t) {
    const { cos, sin, half } = /** @type {any} */ (this.turns);
    const { qkv } = this;
    for (let i = 0; i < half; i++) {
      const a = qkv[at + i];
      const b = qkv[at + half + i];
      const c = cos[t * half + i];
      const s = sin[t * half + i];
      qkv[at + i] = a * c - b * s;
      qkv[at + half + i] = b * c + a * s;
    }
  }

  /** The last four positions, mixed by the same weights everywhere; before the text is zero.
   * @param {Memory} kept @param {number} layer @param {any[]} rows */
  convolve(kept, layer, rows) {
    const e = this.width;
    rows.forEach(({ stream, position }, r) => {
      const place = (stream * this.context + position) * e;
      kept.keys.set(this.normed.subarray(r * e, (r + 1) * e), place);
    });
    rows.forEach(({ stream, position }, r) => {
      for (let back = 0; back < 4; back++) {
        const from = (stream * this.context + position - back) * e;
        const to = r * 4 * e + back * e;
        if (back > position) this.wide.fill(0, to, to + e);
        else this.wide.set(kept.keys.subarray(from, from + e), to);
      }
    });
    multiply(
      /** @type {Matrix[]} */ (this.kernels)[layer],
      null,
      this.wide,
      this.added,
      rows.length,
    );
  }

  /** Add what a half block found to the stream, or replace it. @param {number} rows */
  add(rows) {
    const { x, added } = this;
    const count = rows * this.width;
    if (!this.config.residual) x.set(added.subarray(0, count));
    else for (let i = 0; i < count; i++) x[i] += added[i];
  }

  /** @param {Float32Array} x @param {number} rows @param {string} name @param {Float32Array} y */
  normalise(x, rows, name, y) {
    const e = this.width;
    if (this.config.norm === "none") y.set(x.subarray(0, rows * e));
    for (let at = 0; at < rows * e && this.config.norm !== "none"; at += e) {
      if (this.config.norm === "rms") rmsNorm(x, at, e, y);
      else layerNorm(x, at, e, y, this.tensor(`${name}.weight`).data, this.vector(`${name}.bias`));
    }
  }

  /** @param {string} name @param {Float32Array} x @param {Float32Array} y @param {number} rows */
  linear(name, x, y, rows) {
    multiply(this.tensor(`${name}.weight`), this.vector(`${name}.bias`), x, y, rows);
  }
}
