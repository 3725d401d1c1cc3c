/* The ledger sorts by a column: first upwards, then downwards.
 *
 * Idea:   a heading becomes a button; rows move, and the heading says which way (aria-sort).
 *         A cell sorts by its data-by, a number, or by its text. Equal rows keep their order.
 */
"use strict";

/** A cell's number, or its text. @param {Element} row @param {number} column */
function sortKey(row, column) {
  const cell = /** @type {HTMLElement} */ (row.children[column]);
  const by = cell.dataset.by;
  return by === undefined ? (cell.textContent ?? "") : Number(by);
}

/** @param {string | number} a @param {string | number} b */
function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), document.documentElement.lang);
}

for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (
  document.querySelectorAll("table.sorted")
)) {
  const heads = [...table.querySelectorAll("thead th")];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    if (!head.hasAttribute("data-sort")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      const rows = [...body.rows];
      rows.sort((a, b) => sign * compareKeys(sortKey(a, column), sortKey(b, column)));
      body.append(...rows);
    });
  });
}
