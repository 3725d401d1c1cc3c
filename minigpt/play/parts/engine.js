/* The way to the worker: unpack what the page carries, ask, and wait for answers.
 *
 * Idea:   base64 -> gzip -> bytes happens here, since some browsers refuse it in a worker; the
 *         bytes then move to the worker without being copied.
 */
"use strict";

/** Asks the engine, in a worker or, where that is refused, on this page. */
class Engine {
  constructor() {
    this.count = 0;
    /** @type {Map<number, {go: (found: any) => void, fail: (error: Error) => void,
     *     tell: (share: number) => void}>} */
    this.waiting = new Map();
    /** @type {Record<string, number>} */
    this.newest = {};
    /** @type {Worker | null} */
    this.worker = null;
    try {
      const code = `${$("engine").textContent}\nserve();`;
      this.worker = new Worker(URL.createObjectURL(new Blob([code])));
      this.worker.onmessage = ({ data }) => this.heard(data);
      this.worker.onerror = (event) => {
        for (const { fail } of this.waiting.values()) fail(new Error(event.message));
      };
    } catch {
      this.worker = null;
    }
  }

  /** The answer to a question; null if a newer one of the same lane came.
   * @param {any} question @param {(share: number) => void} tell @param {Transferable[]} moved
   * @returns {Promise<any>} */
  ask(question, tell = () => {}, moved = []) {
    const id = ++this.count;
    const lane = question.lane ?? question.ask;
    this.newest[lane] = id;
    const asked = { ...question, id, lane };
    const found = this.worker
      ? new Promise((go, fail) => {
          this.waiting.set(id, { go, fail, tell });
          /** @type {Worker} */ (this.worker).postMessage(asked, moved);
        })
      : answer(asked, tell, () => this.newest[lane] !== id);
    return found.then((got) => (this.newest[lane] === id ? got : null));
  }

  /** @param {any} message */
  heard({ id, share, found, error }) {
    const one = this.waiting.get(id);
    if (!one) return;
    if (share !== undefined) return one.tell(share);
    this.waiting.delete(id);
    if (error) one.fail(new Error(error));
    else one.go(found);
  }

  /** Unpack and load every model. */
  async load() {
    const models = [];
    for (const [i, { header }] of DATA.models.entries()) {
      const letters = atob($(`model-${i}`).textContent.trim());
      const packed = new Uint8Array(letters.length);
      for (let at = 0; at < packed.length; at++) packed[at] = letters.charCodeAt(at);
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      models.push({ header, bytes });
    }
    const moved = this.worker ? models.map(({ bytes }) => bytes.buffer) : [];
    await this.ask({ ask: "load", models }, () => {}, moved);
  }
}

/** Bytes of a text as UTF-8, and after gzip. @param {string} text */
async function sizes(text) {
  const plain = new TextEncoder().encode(text);
  const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream("gzip"));
  return { plain: plain.length, gzip: (await new Response(stream).arrayBuffer()).byteLength };
}
