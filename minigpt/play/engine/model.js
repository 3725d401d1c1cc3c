/* The whole model: rows of characters -> log-probabilities of what may follow.
 *
 * Idea:   ids become vectors, layers add to them, a last matrix scores every character.
 * Source: minigpt/model.py; tests/minigpt/play holds the two together.
 * Omits:  training.
 *
 * Legend: V characters. Log-probabilities are natural logarithms (nats).
 */
"use strict";

/** Settings of `GPTConfig` that this file computes with, and the values it knows; null: a number. */
const KNOWN = {
  ...{ n_layer: null, n_head: null, n_embd: null, context: null, dropout: null },
  ...{ attention_scale: null, position: ["rope", "learned"], norm: ["rms", "layer", "none"] },
  ...{ qk_norm: [true, false], activation: ["relu2", "gelu"], bias: [true, false] },
  ...{ zero_init: [true, false], tie_embeddings: [true, false], bigram: [true, false] },
  ...{ attention: ["softmax", "convolution"], residual: [true, false] },
};

const CHUNK = 64; // rows computed at once: their intermediate results stay in the cache

class Model extends Layers {
  /** @param {Record<string, any>} config fields of GPTConfig
   * @param {number} size characters in the alphabet
   * @param {Map<string, Matrix>} tensors */
  constructor(config, size, tensors) {
    for (const [name, value] of Object.entries(config)) {
      const values = /** @type {Record<string, any>} */ (KNOWN)[name];
      if (values === undefined || (values && !values.includes(value))) {
        throw new Error(`this page does not know ${name} = ${value}`);
      }
    }
    super(config, tensors);
    this.size = size;
    this.head = this.tensor(config.tie_embeddings ? "embed.weight" : "head.weight");
  }

  /** Memory for `count` streams of a full view each. @param {number} count @returns {Memory[]} */
  remember(count) {
    const numbers = count * this.context * this.width;
    return Array.from({ length: this.config.n_layer }, () => ({
      keys: new Float32Array(numbers),
      values: new Float32Array(this.attends ? numbers : 0),
    }));
  }

  /** Log-probabilities after those rows that are wanted, [wanted, V].
   * @param {Memory[]} memory
   * @param {Row[]} rows in each stream by position
   * @param {((layer: number, row: number, head: number, weights: Float64Array) => void) | null}
   *     look called with each row's attention weights, of which position + 1 count
   * @returns {Float32Array} */
  forward(memory, rows, look = null) {
    const out = new Float32Array(rows.filter((row) => row.wanted).length * this.size);
    let done = 0;
    for (let from = 0; from < rows.length; from += CHUNK) {
      const some = rows.slice(from, from + CHUNK);
      this.embed(some);
      memory.forEach((kept, layer) => {
        this.block(
          kept,
          layer,
          some,
          look && ((...told) => look(layer, from + told[0], told[1], told[2])),
        );
      });
      this.normalise(this.x, some.length, "norm", this.normed);
      let n = 0; // the wanted rows move to the front
      some.forEach((row, r) => {
        if (row.wanted)
          this.normed.copyWithin(n++ * this.width, r * this.width, (r + 1) * this.width);
      });
      const logits = out.subarray(done * this.size, (done + n) * this.size);
      multiply(this.head, null, this.normed, logits, n);
      for (let i = 0; i < n; i++) logSoftmax(logits, i * this.size, this.size);
      done += n;
    }
    return out;
  }

  /** @param {{position: number, id: number, before: number}[]} rows */
  embed(rows) {
    const e = this.width;
    const characters = this.tensor("embed.weight").data;
    const pairs = this.config.bigram ? this.tensor("embed_pair.weight") : null;
    const places = this.turns ? null : this.tensor("embed_position.weight").data;
    rows.forEach(({ position, id, before }, r) => {
      const pair = (before < 0 ? this.size : before) * this.size + id;
      const at = pairs ? (pair % pairs.outer) * e : 0;
      for (let i = 0; i < e; i++) {
        let value = characters[id * e + i];
        if (pairs) value += pairs.data[at + i];
        if (places) value += places[position * e + i];
        this.x[r * e + i] = value;
      }
    });
  }
}
