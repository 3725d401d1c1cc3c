/* Part 1, what comes next: bars to click, sliders that reshape them, a text that grows.
 *
 * Idea:   the outline is what the player said, the solid part what chance will use after
 *         temperature, top-k and top-p; so a slider's effect is seen before anything is drawn. The
 *         bars come after a guess.
 */
"use strict";

const MOST_WRITTEN = 1000; // characters
const BARS = 10;

/** One model's column: its text, its bars. */
class Writer {
  /** @param {number} model @param {any} page */
  constructor(model, page) {
    this.model = model;
    this.page = page;
    /** @type {number[]} */ this.prompt = [];
    /** @type {number[]} */ this.written = [];
    /** @type {number[]} */ this.bits = [];
    /** @type {number[]} */ this.by = []; // which player
    /** @type {Float32Array[] | null} */ this.said = null;
    /** @type {Promise<any>} */ this.last = Promise.resolve();
    this.text = make("p", { className: "text", dir: "auto" });
    this.bars = make("ol", { className: "bars" });
    this.rest = make("p", { className: "note" });
    this.answer = make("p", { "aria-live": "polite" });
    this.told = make("p", {});
    const title = DATA.models.length > 1 ? [make("h3", {}, DATA.models[model].name)] : [];
    this.column = make("div", {}, ...title, this.text, this.answer);
    this.column.append(this.bars, this.rest, this.told);
    for (let i = 0; i < Math.min(BARS, DATA.models[model].header.characters.length); i++) {
      const button = make("button", { type: "button" });
      for (const part of ["name", "track", "share"]) {
        button.append(make("span", { className: part }));
      }
      for (const part of ["used", "said", "other"]) {
        button.children[1].append(make("span", { className: part }));
      }
      button.onclick = () => this.choose(this.order[i]);
      this.bars.append(make("li", {}, button));
    }
    /** @type {number[]} */ this.order = [];
    this.bars.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key === " ") return;
      const id = IDS[model].get(event.key);
      if (id === undefined) return;
      event.preventDefault();
      this.choose(id);
    };
  }

  /** Act once what was asked before is answered, unless another text has begun.
   * @param {() => any} act @returns {Promise<any>} */
  turn(act) {
    const { prompt } = this;
    this.last = this.last.catch(() => {}).then(() => this.prompt === prompt && act());
    return this.last;
  }

  /** Begin anew. @param {number[]} prompt */
  begin(prompt) {
    this.prompt = prompt;
    this.written = [];
    this.bits = [];
    this.by = [];
    return this.turn(() => this.predict());
  }

  /** Ask what may follow. @param {boolean} wait for counting */
  async ask(wait) {
    const { model } = this;
    const ids = [...this.prompt, ...this.written];
    const asked = { ask: "next", wait, model, ids, lane: `next ${model}` };
    this.said = (await this.page.engine.ask(asked)) ?? this.said;
  }

  /** Ask what may follow, and show it. */
  async predict() {
    await this.ask(false);
    this.draw();
  }

  /** The player that writes; the network where this model has no such player, or not yet. */
  get player() {
    const player = this.page.players[this.model].indexOf($("write-player").value);
    return this.said?.[player] ? player : 0;
  }

  /** Write a character, a drawn one if none is chosen.
   * @param {number | null} chosen */
  choose(chosen = null) {
    return this.turn(async () => {
      const { said, player } = this;
      if (!said || this.written.length >= MOST_WRITTEN) return;
      this.take(chosen ?? draw(shape(said[player], shaping()), Math.random()), player);
      await this.predict();
    });
  }

  /** @param {number} id @param {number} player */
  take(id, player) {
    if (this.said) this.bits.push(-this.said[player][id] / Math.LN2);
    this.by.push(player);
    this.written.push(id);
  }

  /** Write again what the page was opened with. @param {number[]} ids
   * @param {string} by the player of each; the network where it is none */
  again(ids, by) {
    const { prompt } = this;
    return this.turn(async () => {
      for (const [i, id] of ids.slice(0, MOST_WRITTEN).entries()) {
        await this.ask(true);
        if (this.prompt !== prompt) return;
        this.take(id, this.said?.[Number(by[i])] ? Number(by[i]) : 0);
      }
      await this.predict();
    });
  }

  back() {
    return this.turn(async () => {
      for (const list of [this.written, this.bits, this.by]) list.pop();
      await this.predict();
    });
  }

  /** Show text and, once somebody has guessed, bars. */
  draw() {
    this.show();
    this.bars.hidden = this.rest.hidden = this.page.guess === null;
    if (!this.said) return;
    const answer = this.written.length ? "" : this.judge([...(this.page.guess ?? "")][0]);
    if (this.answer.textContent !== answer) this.answer.textContent = answer; // said aloud once
    const said = this.said[this.player];
    const used = shape(said, shaping());
    const other = /** @type {Float32Array | undefined} */ (this.said[this.player === 1 ? 0 : 1]);
    this.order = Array.from(said.keys()).sort((a, b) => said[b] - said[a] || a - b);
    [...this.bars.children].forEach((/** @type {any} */ item, i) => {
      const id = this.order[i];
      const [name, track, share] = item.firstChild.children;
      name.textContent = named(characterOf(this.model, id));
      share.textContent = percent(used[id]);
      item.firstChild.toggleAttribute("data-cut", used[id] === 0);
      track.children[0].style.width = `${100 * used[id]}%`;
      track.children[1].style.width = `${100 * Math.exp(said[id])}%`;
      track.children[2].hidden = !other;
      if (other) track.children[2].style.left = `min(${100 * Math.exp(other[id])}%, 100% - 3px)`;
    });
    const rest = this.order.slice(BARS);
    const share = rest.reduce((sum, id) => sum + used[id], 0);
    this.rest.textContent = rest.length
      ? t("write.rest", { n: number(rest.length), share: percent(share) })
      : "";
  }

  /** What the player gives to a guess. @param {string | undefined} character */
  judge(character) {
    if (character === undefined || !this.said) return "";
    const id = IDS[this.model].get(character);
    if (id === undefined) return t("unknown", { list: named(character) });
    const said = this.said[this.player];
    const values = {
      character: named(character),
      share: percent(Math.exp(said[id])),
      place: number(said.filter((one) => one > said[id]).length + 1),
    };
    return t("write.guessed", values);
  }

  /** Show the text; with reduced motion, while writing, only at the end of a line. */
  show() {
    const running = this.page.running;
    const last = characterOf(this.model, this.written[this.written.length - 1]);
    if (running && calm.matches && last !== "\n") return;
    const say = (/** @type {number[]} */ ids) =>
      visibleOf(ids.map((id) => characterOf(this.model, id)).join(""));
    this.text.replaceChildren(
      say(this.prompt),
      make("span", { className: "written" }, say(this.written)),
    );
    const bits = this.bits.reduce((a, b) => a + b, 0);
    const n = this.written.length;
    this.told.textContent =
      n && !running
        ? t("write.told", { n: number(n), bits: number(bits), each: number(bits / n, 2) })
        : "";
  }
}

/** What the sliders say. @returns {Shaping} */
function shaping() {
  const [temperature, topK, topP] = ["temperature", "topk", "topp"].map((id) =>
    Number($(id).value),
  );
  return { temperature, topK, topP };
}
