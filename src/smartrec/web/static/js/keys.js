/** The keyboard, and the help that lists it. Keys of one letter can be switched off (WCAG 2.1.4). */

import { byId, make, memory } from "./dom.js";
import { keyHelp } from "./strings.js";

/**
 * @param {Object<string, (index?: number) => void>} acts By key; "camera" for 1 to 9.
 */
export function listen(acts) {
  const dialog = byId("keys");
  const on = byId("keys-on");
  const help = () => dialog.open || dialog.showModal();
  on.checked = memory.get("keys") !== "off";
  const apply = () => {
    document.documentElement.dataset.keys = on.checked ? "on" : "off";
    memory.set("keys", on.checked ? "on" : "off");
  };
  apply();
  on.addEventListener("change", apply);
  byId("help").addEventListener("click", help);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.querySelector("dl").append(
    ...keyHelp.flatMap(([keys, text]) => [
      make("dt", {}, ...keys.flatMap((key, i) => (i ? ["–", make("kbd", {}, key)] : [make("kbd", {}, key)]))),
      make("dd", {}, text),
    ]),
  );
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key !== "Escape" && !on.checked) return;
    const act = key === "?" ? help : /^[1-9]$/.test(key) ? () => acts.camera(Number(key) - 1) : acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
