/** Asks whoever would leave behind what is not saved. */

import { make } from "./dom.js";
import { words } from "./strings.js";

let asked = null;

/**
 * @param {string} title
 * @param {string} more What is lost.
 * @returns {Promise<boolean>} Whether to leave it; the same for whoever asks meanwhile.
 */
export function leaves(title, more) {
  asked ??= ask(title, more).finally(() => (asked = null));
  return asked;
}

function ask(title, more) {
  const stay = make("button", { type: "submit", class: "act main", value: "" }, words.stay);
  const leave = make("button", { type: "submit", class: "act", value: "leave" }, words.leave);
  const dialog = make("dialog", { "aria-labelledby": "leaving-title" }, make("form", { method: "dialog" }, make("h2", { id: "leaving-title" }, title), make("p", {}, more), stay, leave));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "leave");
    });
  });
}
