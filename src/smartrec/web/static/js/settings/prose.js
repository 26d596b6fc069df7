/** Help as the schema has it: plain text, with Markdown's `code`. */

import { make } from "../dom.js";

/**
 * @param {string} text
 * @returns {(string|HTMLElement)[]}
 */
export const prose = (text) => text.split("\x60").map((part, n) => (n % 2 ? make("code", {}, part) : part));
