/* Whether the file is whole: a checksum over the engine, the data and the models.
 *
 * Idea:   gzip's checksum refuses a damaged model only, and a changed number beside it would give
 *         other predictions without a word. The footer shows the checksum, too: who has the same
 *         one has the same page.
 * Source: CRC-32 as in gzip (RFC 1952, section 8), for damage, not against forgers, who could write
 *         another. SHA-256 would be refused to pages from a host without TLS.
 */
"use strict";

/** CRC-32 as eight hexadecimal digits. @param {Uint8Array} bytes */
function checksum(bytes) {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
    return byte;
  });
  let sum = ~0;
  for (const byte of bytes) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (~sum >>> 0).toString(16).padStart(8, "0");
}

/** The checksum that the page was written with. */
const promised = () => document.querySelector("meta[name=checksum]")?.getAttribute("content") ?? "";

/** Whether engine, data and models are those that were written. */
function isWhole() {
  const models = DATA.models.map((/** @type {any} */ _, /** @type {number} */ i) => `model-${i}`);
  const text = ["engine", "data", ...models].map((name) => $(name).textContent).join("");
  return checksum(new TextEncoder().encode(text)) === promised();
}
