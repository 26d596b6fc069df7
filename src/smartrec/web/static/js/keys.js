/** The keyboard, and the help that lists it. Keys of one letter can be switched off (WCAG 2.1.4). */

import { byId, make, memory } from "./dom.js";

/**
 * @typedef {Object} Keys Of a view.
 * @property {Object<string, (index?: number) => void>} acts By `KeyboardEvent.key`, letters small;
 * "camera" for 1 to 9.
 * @property {[string[], string, string?][]} help Keys and what they do; of two keys all between them are
 * meant. Some need a scope.
 * @property {Set<string>} [repeat] Which act again and again while they are held.
 */

const OWN_KEYS = "input, select, textarea, [contenteditable]";
const PRESSED = "a, button, summary, [role=button], [role=option]";

/**
 * @param {() => Keys} current Of the view that is shown.
 * @param {(scope: string) => boolean} may
 */
export function listen(current, may) {
  const dialog = byId("keys");
  const on = byId("keys-on");
  const help = () => {
    if (dialog.open) return;
    dialog.querySelector("dl").replaceChildren(...current().help.filter(([, , needs]) => !needs || may(needs)).flatMap(line));
    dialog.showModal();
  };
  on.checked = memory.get("keys") !== "off";
  const apply = () => {
    document.documentElement.dataset.keys = on.checked ? "on" : "off";
    memory.set("keys", on.checked ? "on" : "off");
  };
  apply();
  on.addEventListener("change", apply);
  byId("help").addEventListener("click", help);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.closest(OWN_KEYS)) return;
    if ((event.key === " " || event.key === "Enter") && event.target.closest(PRESSED)) return;
    const { acts, repeat } = current();
    const letter = event.key.length === 1;
    const key = letter ? event.key.toLowerCase() : event.key;
    if ((letter && !on.checked) || (event.repeat && !repeat?.has(key))) return;
    const act = key === "?" ? help : acts.camera && /^[1-9]$/.test(key) ? () => acts.camera(Number(key) - 1) : acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

const line = ([keys, text]) => [
  make("dt", {}, ...keys.flatMap((key, i) => (i ? ["–", make("kbd", {}, key)] : [make("kbd", {}, key)]))),
  make("dd", {}, text),
];
