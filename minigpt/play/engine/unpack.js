/* From the bytes in the page to a model, and to the players that predict.
 *
 * Idea:   a file holds float16 numbers (or int8 with a float16 scale a row), the low bytes of all
 *         of them first and the high bytes after them: so gzip finds what is alike.
 * Source: minigpt/play/pack.py, which writes it.
 */
"use strict";

/** @typedef {{name: string, shape: number[], int8: boolean}} Packed a tensor of the file */
/** @typedef {{config: Record<string, any>, characters: string[], tensors: Packed[],
 *     halves: number, counted: number, order: number, gate: Gate | null}} Header */

/** The number that 16 bits stand for: sign, 5 bits of exponent, 10 of fraction. */
const HALVES = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24;
    table[bits] = bits >> 15 ? -size : size;
  }
  return table;
})();

/** Weights by name. @param {Header} header @param {Uint8Array} bytes */
function unpack(header, bytes) {
  const { halves } = header;
  let half = 0;
  let byte = 2 * halves;
  const take = () => HALVES[bytes[half] | (bytes[halves + half++] << 8)];
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  /** @type {Map<string, Matrix>} */
  const tensors = new Map();
  for (const { name, shape, int8 } of header.tensors) {
    const inner = shape[shape.length - 1];
    const data = new Float32Array(shape.reduce((a, b) => a * b));
    if (!int8) for (let i = 0; i < data.length; i++) data[i] = take();
    for (let at = 0; int8 && at < data.length; at += inner) {
      const scale = take();
      for (let i = 0; i < inner; i++) data[at + i] = signed[byte++] * scale;
    }
    tensors.set(name, { data, outer: data.length / inner, inner });
  }
  if (half !== halves) throw new Error("the file's parts do not fit together");
  return { tensors, rest: byte };
}

/** One run's network, and counting and the mixture of both where the file has them. */
class Players {
  /** @param {Header} header @param {Uint8Array} bytes */
  constructor(header, bytes) {
    const { tensors, rest } = unpack(header, bytes);
    const size = header.characters.length;
    this.model = new Model(header.config, size, tensors);
    this.reader = new Reader(this.model);
    this.gate = header.gate;
    this.start = Math.max(0, header.characters.indexOf("\n"));
    this.size = size;
    /** @type {Counts | null} */
    this.counts = null;
    if (header.counted) {
      const wide = size > 256;
      const ids = new Uint16Array(header.counted);
      for (let i = 0; i < ids.length; i++) {
        ids[i] = bytes[rest + i] | (wide ? bytes[rest + ids.length + i] << 8 : 0);
      }
      this.counts = new Counts(ids, size, header.order);
    }
  }

  /** Names of those who play: always the network. */
  get names() {
    return ["network", ...(this.counts ? ["counting"] : []), ...(this.mixes ? ["mixture"] : [])];
  }

  get mixes() {
    return Boolean(this.counts && this.gate);
  }

  /** What each player says after `ids`, of which the network said `logprobs`: [players][V].
   * @param {Float32Array} logprobs @param {ArrayLike<number>} ids @param {number} end */
  all(logprobs, ids, end = ids.length) {
    const said = [logprobs];
    if (this.counts) {
      const nodes = this.counts.nodes(ids, end);
      said.push(this.counts.after(nodes));
      if (this.gate) said.push(mix(this.gate, said, [[], this.counts.matched(nodes)]));
    }
    return said;
  }

  /** What one player says after `ids`; `logprobs` are the network's, null if counting plays.
   * @param {number} player @param {Float32Array | null} logprobs @param {number[]} ids */
  one(player, logprobs, ids) {
    if (player === 0 && logprobs) return logprobs;
    if (!this.counts) throw new Error("this page does not count");
    if (!logprobs) return this.counts.after(this.counts.nodes(ids));
    return this.all(logprobs, ids)[player];
  }

  /** What each player says after `ids`; without any, after a line's end. @param {number[]} ids */
  next(ids) {
    const text = ids.length ? ids : [this.start];
    return this.all(this.reader.next([text]), text);
  }
}
