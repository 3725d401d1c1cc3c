/* Elements of a page: found by their id, or made with properties and children.
 *
 * Idea:   a text becomes a text node, never markup, so nothing that a stranger wrote can run.
 * Omits:  setters of markup, which tests forbid.
 */
"use strict";

/** @param {string} id @returns {any} the element with this id */
const $ = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page lacks ${id}`);
  return found;
};

/** An element with properties and children. @param {string} tag @param {Record<string, any>} set
 * @param {(Node | string)[]} children @returns {any} */
function make(tag, set = {}, ...children) {
  /** @type {any} */
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (name.includes("-")) element.setAttribute(name, value);
    /** @type {any} */ else element[name] = value;
  }
  element.append(...children);
  return element;
}
