/* The state of the page behind the #, so that "look at this" can be sent.
 *
 * Idea:   everything after # stays in the browser. Each part writes what it shows, and takes what
 *         the page was opened with; what is not there or cannot be, it ignores.
 */
"use strict";

/** What the page was opened with. */
const ASKED = new URLSearchParams(location.hash.slice(1));

/** @type {((state: URLSearchParams) => void)[]} parts that have something to keep */
const KEPT = [];

/** Put the state of all parts behind the #; in a frame nobody sees the address. */
function keep() {
  if (window.parent !== window) return;
  const state = new URLSearchParams();
  for (const put of KEPT) put(state);
  try {
    history.replaceState(null, "", `#${state}`);
  } catch {
    // Safari refuses many at once; the next takes all along
  }
}

/** Choose an option of a select, if it has it. @param {any} select @param {string | null} value */
function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}
