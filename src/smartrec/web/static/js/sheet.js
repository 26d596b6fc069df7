/** The style sheet of a view that is loaded when it is first asked for. */

import { make } from "./dom.js";

/**
 * @param {string} name Of a file in `css`.
 * @returns {Promise<void>} Until it is there; a module that waits for it is shown with it. Fails where it does not come.
 */
export function sheet(name) {
  const link = make("link", { rel: "stylesheet", href: String(new URL(`../css/${name}`, import.meta.url)) });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => reject(new Error(`${name} did not come`)));
    document.head.append(link);
  });
}
