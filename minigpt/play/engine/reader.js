/* Reading and writing with a model: which characters are in view, and what need not be read again.
 *
 * Idea:   keys and values of earlier characters stay right as long as the view begins at the same
 *         place, so a new character costs one row, and taking one back costs nothing.
 * Source: minigpt/nextchar.py (`window`, `readings`), minigpt/model.py (`GPT.start`, `GPT.step`).
 */
"use strict";

/** How many of the last n characters are in view: all until the context is full, then the view
 * starts again from the last half context. @param {number} n @param {number} context */
function inView(n, context) {
  if (n <= context) return n;
  const half = Math.max(1, Math.floor(context / 2));
  return half + ((n - context - 1) % (context - half + 1));
}

/** Texts of equal length, side by side, each read only as far as it is new. */
class Reader {
  /** @param {Model} model @param {number} count of texts */
  constructor(model, count = 1) {
    this.model = model;
    this.memory = model.remember(count);
    this.begin = 0;
    /** @type {number[][]} ids in view whose keys and values are kept */
    this.kept = Array.from({ length: count }, () => []);
  }

  /** Log-probabilities of what follows each text, [texts, V].
   * @param {ArrayLike<number>[]} texts ids; all of one length of at least 1
   * @param {boolean} all whether to return those after every character that is read now
   * @param {Parameters<Model["forward"]>[2]} look as in `Model.forward` */
  next(texts, all = false, look = null) {
    const n = texts[0].length;
    const length = inView(n, this.model.context);
    const begin = n - length;
    /** @type {Row[]} */
    const rows = [];
    texts.forEach((text, stream) => {
      let same = 0;
      const kept = begin === this.begin ? this.kept[stream] : [];
      while (same < kept.length && same < length - 1 && kept[same] === text[begin + same]) same++;
      this.kept[stream].length = same;
      for (let position = same; position < length; position++) {
        const id = text[begin + position];
        const before = position ? text[begin + position - 1] : -1;
        rows.push({ stream, position, id, before, wanted: all || position === length - 1 });
        this.kept[stream].push(id);
      }
    });
    this.begin = begin;
    return this.model.forward(this.memory, rows, look);
  }
}

/** Predictions of ids[1:], part by part, in windows of the model's context that begin every
 * `stride` characters; each part is [from, log-probabilities [k, V]]. As `nextchar.readings`.
 * @param {Model} model @param {ArrayLike<number>} ids @param {number} stride
 * @returns {Generator<[number, Float32Array]>} */
function* readings(model, ids, stride) {
  const width = model.context;
  const v = model.size;
  const list = Array.from(ids);
  let done = 0;
  for (let start = 0; start < list.length - width; start += stride) {
    const said = new Reader(model).next([list.slice(start, start + width)], true);
    const part = done ? said.subarray((width - stride) * v) : said;
    yield [done, part];
    done += part.length / v;
  }
  if (done < list.length - 1) {
    const begin = Math.max(0, done - (width - stride));
    const said = new Reader(model).next([list.slice(begin, -1)], true);
    yield [done, said.subarray((done - begin) * v)];
  }
}
