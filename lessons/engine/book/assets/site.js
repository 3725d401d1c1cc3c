/* What every page of the book does: a search box that leads to the search page, boxes that scroll.
 *
 * Idea:   a page works without scripts; what needs them is shown by them.
 * Omits:  setters of markup, which tests forbid; anything that fetches.
 */
"use strict";

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
  document.querySelectorAll(".find")
)) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = String(new FormData(form).get("q") ?? "").trim();
    location.href = `${form.dataset.results}#q=${encodeURIComponent(asked)}`;
  });
}

/* A box that scrolls can be reached by keyboard; one that does not is no stop on the way. */
function reach() {
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".scroll"))) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
reach();
addEventListener("resize", reach);
