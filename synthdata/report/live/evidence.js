/* Search and order of the evidence, across all its views.
 *
 * Idea:   each view keeps its own texts; a few are shown and the rest is one click away, as without
 *         scripts. While something is searched for, all that fits is shown.
 */
"use strict";

/** Set up the evidence. @param {any[]} views */
function setUpEvidence(views) {
  // without autocomplete "off", at which WebKit empties it when one comes back to the page
  const search = make("input", { type: "search", spellcheck: false });
  const order = make(
    "select",
    {},
    ...Object.keys(ORDERS).map((value) => make("option", { value }, t(`order.${value}`))),
  );
  const told = make("span", { role: "status" });
  const controls = make(
    "div",
    { className: "row" },
    make("label", {}, t("search"), search),
    make("label", {}, t("order"), order),
    told,
  );
  views[0].before(controls);

  const found = views.map((view) => {
    const quotes = [...view.querySelectorAll("blockquote")].map((quote, rank) => ({
      quote,
      rank,
      times: Number(quote.querySelector(".times").textContent.replace(/\D/gu, "")),
      text: quote.querySelector(".quoted").textContent,
      searched: quote.textContent, // its note and its other wordings, too
    }));
    const few = view.querySelector(".quotes");
    const further = view.querySelector(".further");
    return { quotes, few, further, most: few.children.length };
  });
  const all = found.reduce((sum, { quotes }) => sum + quotes.length, 0);

  const show = () => {
    const asked = search.value.trim();
    let n = 0;
    for (const { quotes, few, further, most } of found) {
      const those = quotes.filter(({ searched }) => fits(searched, asked));
      those.sort(ORDERS[order.value]);
      n += those.length;
      const shown = asked ? those.length : most;
      few.replaceChildren(...those.slice(0, shown).map(({ quote }) => quote));
      if (!further) continue;
      const rest = those.slice(shown).map(({ quote }) => quote);
      const summary = further.firstElementChild;
      summary.textContent = t("more", { n: rest.length });
      further.hidden = !rest.length;
      further.replaceChildren(summary, ...rest);
    }
    told.textContent = asked ? t("found", { n, all }) : "";
  };
  search.oninput = show;
  order.onchange = show;
}
