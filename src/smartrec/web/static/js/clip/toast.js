/** A word at the lower edge about what was just done, with the way back; it outlives the view. */

import { make, write } from "../dom.js";

/**
 * @param {string} text
 * @param {{label: string, act: () => void}} way Back.
 * @param {number} seconds
 */
export function toast(text, way, seconds) {
  for (const old of document.querySelectorAll(".toast")) old.remove();
  const left = make("span", { class: "left", "aria-hidden": "true" });
  const button = make("button", { type: "button", class: "act" }, way.label);
  const shown = make("div", { class: "toast", role: "group", "aria-label": text }, make("p", {}, text), left, button);
  (document.fullscreenElement ?? document.body).append(shown);
  let remaining = seconds;
  const gone = () => {
    clearInterval(timer);
    shown.remove();
  };
  const tick = () => {
    write(left, String(remaining));
    if (remaining <= 0) gone();
    else if (!shown.matches(":hover, :focus-within")) remaining -= 1; // who reaches for it gets it
  };
  const timer = setInterval(tick, 1_000);
  tick();
  button.addEventListener("click", () => {
    gone();
    way.act();
  });
}
