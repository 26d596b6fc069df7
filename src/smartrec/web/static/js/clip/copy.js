/** A button that puts a text on the clipboard. */

import { make, write } from "../dom.js";
import { icon } from "../icons.js";
import { words } from "./strings.js";

const SAID_MS = 2_000;

/**
 * @param {HTMLElement} element Shows the text.
 * @param {(text: string) => void} [told] It was copied.
 * @returns {HTMLButtonElement}
 */
export function copyOf(element, told = () => {}) {
  const copy = make("button", { type: "button", class: "act small" }, icon("copy"), make("span", {}, words.copy));
  copy.addEventListener("click", async () => {
    await toClipboard(element);
    write(copy.lastElementChild, words.copied);
    setTimeout(() => write(copy.lastElementChild, words.copy), SAID_MS);
    told(element.textContent);
  });
  return copy;
}

/** Over plain HTTP from another machine there is no clipboard; the text is then marked, and copied the old way. */
async function toClipboard(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent).catch((error) => console.debug("no clipboard", error));
    return;
  }
  getSelection().selectAllChildren(element);
  document.execCommand("copy");
}
