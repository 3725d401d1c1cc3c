/* The report comes alive: what follows only adds to a page that can be read without it. */
"use strict";

/** Words of the page, and its curves. @type {{strings: Record<string, string>, curves: any[]}} */
const CARRIED = JSON.parse($("carried").textContent);

/** Words from the table, with {names} filled in.
 * @param {string} key @param {Record<string, string | number>} values */
function t(key, values = {}) {
  return CARRIED.strings[key].replace(/\{(\w+)\}/gu, (_, name) => String(values[name]));
}

const drawings = [...document.querySelectorAll(".drawing")];
for (const [i, curves] of CARRIED.curves.entries()) {
  if (curves.length) setUpCurves(drawings[i], curves);
}
const views = [...document.querySelectorAll(".view")];
if (document.querySelector(".view blockquote")) setUpEvidence(views);
for (const cluster of document.querySelectorAll(".wordings")) {
  cluster.addEventListener("toggle", () => setUpCluster(cluster), { once: true });
}
document.body.dataset.alive = "";
