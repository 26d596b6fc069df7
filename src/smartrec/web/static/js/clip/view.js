/** One clip: not there yet but for its name. */

import { make } from "../dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} parameters
 * @returns {import("../route.js").View}
 */
export function mount(root, parameters) {
  root.append(make("h1", {}, parameters.id));
  return { unmount: () => {} };
}
