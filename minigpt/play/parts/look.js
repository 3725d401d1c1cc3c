/* Part 4, where it looks: the weight that each position gives to each before it.
 *
 * Idea:   every head has its own map; a reader walks through the text, and the characters that it
 *         looks back to are shaded.
 * Omits:  what is done with what it finds there, which no picture of weights shows.
 */
"use strict";

const MOST_SEEN = 64; // characters: more could not be read

/** Set up part 4. @param {any} page */
function setUpLook(page) {
  /** @type {{maps: Float32Array, layers: number, heads: number, length: number} | null} */
  let found = null;
  /** @type {number[]} */ let ids = [];
  let chosen = Number(ASKED.get("head")) || 0;
  let first = ASKED.get("reader");
  const night = matchMedia("(prefers-color-scheme: dark)");

  const ask = async () => {
    const writer = page.writers?.[0];
    const text = writer ? [...writer.prompt, ...writer.written] : [];
    const source = text.length > 8 ? text : encode(0, DATA.passage || DATA.prompt).ids;
    const most = Math.min(MOST_SEEN, DATA.models[0].header.config.context);
    const next = text.length > 8 ? source.slice(-most) : source.slice(0, most);
    if (next.length === ids.length && next.every((id, i) => id === ids[i]) && found) return;
    ids = next;
    if (!ids.length) return;
    found = (await page.engine.ask({ ask: "look", model: 0, ids })) ?? found;
    $("look-at").max = ids.length - 1;
    $("look-at").value = first ?? ids.length - 1;
    first = null;
    maps();
    show();
  };
  const weight = (
    /** @type {number} */ head,
    /** @type {number} */ row,
    /** @type {number} */ at,
  ) => {
    const n = ids.length;
    return found ? found.maps[(head * n + row) * n + at] : 0;
  };
  /** How strong a weight looks, in the maps and in the text. @param {number} one */
  const shade = (one) => Math.min(1, 1.5 * one ** 0.7);
  const maps = () => {
    if (!found) return;
    const heads = found.layers * found.heads;
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--map");
    const buttons = Array.from({ length: heads }, (_, head) => {
      const canvas = make("canvas", {
        width: ids.length,
        height: ids.length,
        "aria-hidden": "true",
      });
      const pen = canvas.getContext("2d");
      for (let row = 0; row < ids.length; row++) {
        for (let at = 0; at <= row; at++) {
          pen.fillStyle = `rgba(${colour}, ${shade(weight(head, row, at))})`;
          pen.fillRect(at, row, 1, 1);
        }
      }
      const name = `${Math.floor(head / (found?.heads ?? 1)) + 1}.${(head % (found?.heads ?? 1)) + 1}`;
      const button = make("button", { type: "button" }, canvas, name);
      button.onclick = () => {
        chosen = head;
        show();
        touched();
      };
      return button;
    });
    chosen = Number.isInteger(chosen) && chosen >= 0 && chosen < heads ? chosen : 0;
    $("look-maps").replaceChildren(...buttons);
  };
  const show = () => {
    const { n_layer: layers, n_head } = DATA.models[0].header.config;
    const ways = { n: layers * n_head, layers, heads: n_head };
    $("look-before").textContent = t("look.before", ways);
    if (!found) return;
    for (const [head, button] of [...$("look-maps").children].entries()) {
      button.setAttribute("aria-pressed", String(head === chosen));
    }
    const row = Number($("look-at").value);
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--map");
    const strong = night.matches ? 0.57 : 0.795; // from here on black reads better, or white
    const spans = ids.map((id, at) => {
      const span = make("span", {}, shown(characterOf(0, id)));
      const share = at <= row ? shade(weight(chosen, row, at)) : 0;
      span.style.background = `rgba(${colour}, ${share})`;
      span.classList.toggle("strong", share > strong);
      span.classList.toggle("here", at === row);
      return span;
    });
    $("look-text").replaceChildren(...spans);
    const order = ids.slice(0, row + 1).map((_, at) => at);
    order.sort((a, b) => weight(chosen, row, b) - weight(chosen, row, a));
    const strongest = order.slice(0, 5).map((at) => {
      const values = {
        character: named(characterOf(0, ids[at])),
        back: row - at,
        share: percent(weight(chosen, row, at)),
      };
      return t(at === row ? "look.itself" : "look.back", values);
    });
    const heads = found.heads;
    const values = {
      layer: Math.floor(chosen / heads) + 1,
      head: (chosen % heads) + 1,
      character: named(characterOf(0, ids[row])),
      list: strongest.join(t("comma")),
    };
    $("look-says").textContent = t("look.says", values);
  };

  let seen = ASKED.has("head"); // whether there is a choice to keep
  const touched = () => {
    seen = true;
    keep();
  };
  const open = () => {
    $("look-found").hidden = !seen; // the question comes first
    $("look-show").hidden = seen;
  };
  open();
  $("look-show").onclick = () => {
    touched();
    open();
    $("look-maps").querySelector("button")?.focus();
  };
  KEPT.push((state) => {
    if (!seen) return;
    state.set("head", String(chosen));
    state.set("reader", $("look-at").value);
  });
  $("look-at").oninput = show;
  $("look-at").onchange = touched;
  $("look-text").onpointerleave = touched;
  $("look-text").onpointermove = (/** @type {PointerEvent} */ event) => {
    const at = [...$("look-text").children].indexOf(/** @type {any} */ (event.target));
    if (at < 0) return;
    $("look-at").value = at;
    show();
  };
  night.onchange = () => {
    maps();
    show();
  };
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && ask()).observe(
    $("look"),
  );
  SPOKEN.push(show);
  return ask();
}
