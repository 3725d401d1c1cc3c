/* Who predicts: the network, counting, and the mixture of both where the file has them.
 *
 * Idea:   all answer the same question, so every part of the page treats them alike. Counting a
 *         megabyte takes a second, in which the network plays already.
 */
"use strict";

class Players {
  /** @param {Header} header @param {Uint8Array} bytes
   * @param {Players | null} first who has the text, if the header says that it is shared */
  constructor(header, bytes, first = null) {
    const { tensors, rest } = unpack(header, bytes);
    this.size = header.characters.length;
    this.model = new Model(header.config, this.size, tensors);
    this.reader = new Reader(this.model);
    this.gate = header.gate;
    this.start = Math.max(0, header.characters.indexOf("\n"));
    /** @type {Counts | null} what counting knows, once it has counted */
    this.counts = null;
    /** @type {Promise<void> | null} */
    this.counting = null;
    /** @type {Players | null} */
    this.lender = header.shared ? first : null;
    /** @type {Uint16Array} */
    this.text = this.lender ? this.lender.text : new Uint16Array(header.counted);
    this.order = header.order;
    for (let i = 0; !this.lender && i < this.text.length; i++) {
      const high = this.size > 256 ? bytes[rest + this.text.length + i] : 0;
      this.text[i] = bytes[rest + i] | (high << 8);
    }
  }

  /** How many predict. */
  get number() {
    return this.text.length ? (this.gate ? 3 : 2) : 1;
  }

  /** Count the text, if that is not done or begun; `rest` lets others work in between.
   * @param {() => Promise<any>} rest */
  count(rest) {
    this.counting ??= (async () => {
      await this.lender?.count(rest);
      this.counts = this.lender?.counts ?? null;
      if (!this.text.length || this.counts) return;
      const counts = new Counts(this.size, this.order);
      for (const _ of counts.learn(this.text)) await rest();
      this.counts = counts;
    })();
    return this.counting;
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
