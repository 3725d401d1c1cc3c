/* From the bytes in the page to a model.
 *
 * Idea:   a file holds float16 numbers (or int8 with a float16 scale a row), the low bytes of all
 *         of them first and the high bytes after them: so gzip finds what is alike.
 * Source: minigpt/play/pack.py, which writes it.
 */
"use strict";

/** @typedef {{name: string, shape: number[], int8: boolean}} Packed a tensor of the file */
/** @typedef {{config: Record<string, any>, characters: string[], tensors: Packed[],
 *     halves: number, counted: number, shared: boolean, order: number,
 *     gate: Gate | null}} Header */

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
