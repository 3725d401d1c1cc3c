/* Whether the file is whole: a checksum over data, models and engine.
 *
 * Idea:   gzip's checksum is for a model alone; a changed number beside it would go unnoticed.
 * Source: CRC-32, RFC 1952, section 8: for damage, not against forgers. SHA-256 is refused to pages
 *         from a host without TLS.
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

/** Whether all that has an id, data, models and engine, is as it was written. */
function isWhole() {
  const texts = [...document.querySelectorAll("script[id]")].map((one) => one.textContent);
  return checksum(new TextEncoder().encode(texts.join(""))) === promised();
}
