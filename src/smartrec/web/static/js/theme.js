/** Light, dark, or as the system has it; js/first.js applies it before anything is painted. */

import { byId, mark, memory } from "./dom.js";
import { say } from "./strings.js";

const THEMES = ["auto", "light", "dark"];

/** Make the header's button work. */
export function switchable() {
  const button = byId("theme");
  let theme = document.documentElement.dataset.theme ?? "auto";
  const apply = () => {
    mark(document.documentElement, "data-theme", theme === "auto" ? null : theme);
    button.dataset.now = theme;
    mark(button, "aria-label", say.themeLabel(theme));
    mark(button, "title", say.themeLabel(theme));
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    memory.set("theme", theme);
    apply();
  });
  apply();
}
