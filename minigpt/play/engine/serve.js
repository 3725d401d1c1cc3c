/* Questions of the page, answered in a worker so that the page never waits.
 *
 * Idea:   a question has a name and a lane; a newer question of the same lane ends the older one.
 *         Where a browser refuses workers, the page calls `answer` itself.
 */
"use strict";

const REST = 50; // milliseconds of work, after which messages are let in
const MEMORY = 5e7; // numbers that keys and values of many texts may take

/** @type {Players[]} */
let PLAYERS = [];

/** Let messages in before going on. */
function pause() {
  return new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go(undefined);
    };
    port2.postMessage(null);
  });
}

/** The answer to a question; `stale` says that nobody waits for it any more.
 * @param {any} question @param {(share: number) => void} tell @param {() => boolean} stale
 * @returns {Promise<any>} */
async function answer(question, tell, stale) {
  if (question.ask === "load") {
    PLAYERS = [];
    for (const { header, bytes } of question.models) {
      PLAYERS.push(new Players(header, bytes, PLAYERS[0]));
      tell(PLAYERS.length / question.models.length);
      await pause();
    }
    return null;
  }
  const players = PLAYERS[question.model];
  // the network need not wait until counting is ready
  if (question.ask !== "look" && !(question.ask === "next" && !question.wait)) {
    await players.count(pause);
  }
  if (question.ask === "next") return players.next(question.ids);
  if (question.ask === "count") return null;
  if (question.ask === "score") return score(players, question.ids, tell, stale);
  if (question.ask === "look") return look(players, question.ids);
  if (question.ask === "write") return write(players, question, tell, stale);
  throw new Error(`no such question: ${question.ask}`);
}

/** Nats of each character for each player, and its likeliest character there. The first follows
 * a line's end; windows overlap by half, as `python -m minigpt.evaluate --stride` has them.
 * @param {Players} players @param {number[]} text
 * @param {(share: number) => void} tell @param {() => boolean} stale */
async function score(players, text, tell, stale) {
  const ids = [players.start, ...text];
  const v = players.size;
  const nats = Array.from({ length: players.number }, () => new Float32Array(text.length));
  const likeliest = Array.from({ length: players.number }, () => new Int32Array(text.length));
  const stride = Math.max(1, Math.ceil(players.model.context / 2));
  for (const [from, said] of readings(players.model, ids, stride)) {
    for (let i = 0; i * v < said.length; i++) {
      const at = from + i;
      players.all(said.subarray(i * v, (i + 1) * v), ids, at + 1).forEach((one, player) => {
        nats[player][at] = -one[ids[at + 1]];
        likeliest[player][at] = one.indexOf(Math.max(...one));
      });
    }
    tell((from + said.length / v) / text.length);
    await pause();
    if (stale()) return null;
  }
  return { nats, likeliest };
}

/** Attention weights [L, H, T, T] of the last characters of a text that are in view.
 * @param {Players} players @param {number[]} ids */
function look(players, ids) {
  const { model } = players;
  const t = ids.length;
  const heads = model.heads;
  const maps = new Float32Array(model.config.n_layer * heads * t * t);
  new Reader(model).next([ids], true, (layer, row, head, weights) => {
    const at = ((layer * heads + head) * t + row) * t;
    for (let i = 0; i <= row; i++) maps[at + i] = weights[i];
  });
  return { maps, layers: model.config.n_layer, heads, length: t };
}

/** `count` texts of `length` characters after `ids`, side by side, by one player.
 * @param {Players} players
 * @param {{ids: number[], count: number, length: number, seed: number, player: number,
 *     shaping: Shaping}} asked
 * @param {(share: number) => void} tell @param {() => boolean} stale */
async function write(players, asked, tell, stale) {
  const { ids, count, length, player, shaping } = asked;
  const begin = ids.length ? ids : [players.start];
  const random = generator(asked.seed);
  const v = players.size;
  const { model } = players;
  const each = 2 * model.context * model.width * model.config.n_layer; // numbers
  const most = Math.max(1, Math.floor(MEMORY / each));
  const began = clock();
  let rested = began;
  const done = [];
  for (let first = 0; first < count; first += most) {
    const texts = Array.from({ length: Math.min(most, count - first) }, () => [...begin]);
    const reader = player === 1 ? null : new Reader(model, texts.length);
    for (let n = 0; n < length; n++) {
      const said = reader?.next(texts);
      texts.forEach((text, i) => {
        const alone = said ? said.subarray(i * v, (i + 1) * v) : null;
        text.push(draw(shape(players.one(player, alone, text), shaping), random()));
      });
      if (clock() - rested > REST) {
        tell((first + (n / length) * texts.length) / count);
        await pause();
        if (stale()) return null;
        rested = clock();
      }
    }
    done.push(...texts.map((text) => text.slice(begin.length)));
  }
  return { texts: done, seconds: (clock() - began) / 1000 };
}

/** Milliseconds of a clock; V8 without a browser has another. */
function clock() {
  return typeof performance === "undefined" ? Date.now() : performance.now();
}

/** Answer the messages of a page. */
function serve() {
  /** @type {Record<string, number>} newest question of each lane */
  const newest = {};
  self.onmessage = async ({ data }) => {
    const { id, lane } = data;
    newest[lane] = id;
    try {
      const tell = (/** @type {number} */ share) => self.postMessage({ id, share });
      const found = await answer(data, tell, () => newest[lane] !== id);
      self.postMessage({ id, found });
    } catch (error) {
      self.postMessage({ id, error: String(error) });
    }
  };
}
