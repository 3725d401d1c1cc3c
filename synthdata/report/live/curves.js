/* Curves that say their numbers: at the pointer, and along a slider for the keyboard.
 *
 * Idea:   the picture stays the picture that is printed; the page knows where its points are.
 */
"use strict";

const NEAR = 60; // pixels from a point at which it answers

/** A curve, and which point it says first; a point is its place from the left and from the top, as
 * shares of the picture, and words. @typedef {{name: string, begin: number,
 *     points: [number, number, string][]}} Drawn */

/** The point nearest to a place of the picture, -1 and -1 if none is near: curve and point.
 * @param {[number, number, string][][]} curves shares of the picture, from the left and the top
 * @param {number} x pixels @param {number} y @param {number} width of the picture, pixels
 * @param {number} height @param {number} near pixels */
function nearest(curves, x, y, width, height, near) {
  let [curve, point, least] = [-1, -1, near];
  for (const [c, points] of curves.entries()) {
    for (const [p, [left, top]] of points.entries()) {
      const distance = Math.hypot(left * width - x, top * height - y);
      if (distance < least) [curve, point, least] = [c, p, distance];
    }
  }
  return { curve, point };
}

/** Make the curves of a picture answer. @param {any} drawing the picture's box
 * @param {Drawn[]} curves */
function setUpCurves(drawing, curves) {
  const picture = drawing.querySelector("img");
  const dot = make("span", { className: "point", hidden: true });
  const bubble = make("span", { className: "bubble", hidden: true, "aria-hidden": "true" });
  drawing.append(dot, bubble);
  const names = curves.map(({ name }) => make("option", {}, name));
  const select = make("select", {}, ...names);
  const slider = make("input", { type: "range", min: 0, step: 1 });
  const said = make("output", {});
  const choice = make("label", { hidden: curves.length < 2 }, t("curve"), select);
  const walk = make("label", {}, t("walk"), slider);
  drawing.after(make("div", { className: "row" }, choice, walk, said));

  const show = () => {
    const { points } = curves[select.selectedIndex];
    const [left, top, words] = points[Number(slider.value)];
    dot.style.left = `${100 * left}%`;
    dot.style.top = `${100 * top}%`;
    bubble.style.left = left < 0.5 ? `calc(${100 * left}% + 12px)` : "auto";
    bubble.style.right = left < 0.5 ? "auto" : `calc(${100 * (1 - left)}% + 12px)`;
    bubble.style.top = top < 0.5 ? `${100 * top}%` : "auto";
    bubble.style.bottom = top < 0.5 ? "auto" : `${100 * (1 - top)}%`;
    bubble.textContent = words;
    said.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  };
  const reveal = (/** @type {boolean} */ on) => {
    dot.hidden = bubble.hidden = !on;
  };
  const hover = (/** @type {PointerEvent} */ event) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    const all = curves.map(({ points }) => points);
    const [x, y] = [event.clientX - left, event.clientY - top];
    const { curve, point } = nearest(all, x, y, width, height, NEAR);
    reveal(curve >= 0);
    if (curve < 0) return;
    select.selectedIndex = curve;
    slider.max = all[curve].length - 1;
    slider.value = point;
    show();
  };
  picture.onpointermove = hover;
  picture.onpointerdown = hover;
  picture.onpointerleave = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType === "mouse") reveal(document.activeElement === slider);
  };
  const begin = () => {
    const { points, begin } = curves[select.selectedIndex];
    slider.max = points.length - 1; // before its value, which may not be greater
    slider.value = begin;
    show();
  };
  select.onchange = begin;
  slider.oninput = show;
  for (const control of [select, slider]) {
    control.onfocus = () => reveal(true);
    control.onblur = () => reveal(false);
  }
  begin();
}
