/** Events: timeline and list. */

import { make } from "../dom.js";

/**
 * @param {HTMLElement} root
 * @returns {import("../route.js").View}
 */
export function mount(root) {
  root.append(make("h1", {}, "Events"));
  return { unmount: () => {} };
}
