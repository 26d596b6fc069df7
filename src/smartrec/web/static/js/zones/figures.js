/** Small pictures in the list of zones: what kind one is, and what of a person must lie in it. */

import { drawn } from "../icons.js";

/** @returns {SVGElement} A patch as it looks upon the picture; css has what differs by kind. */
export const swatch = () => drawn("svg", { class: "swatch", viewBox: "0 0 20 20", "aria-hidden": "true" }, drawn("path", { class: "area", d: "M3.5 6.5L13.5 3.5 16.8 12.5 10 16.8 3.2 13.5z" }), drawn("path", { class: "hatching", d: "M5 13.5L13 5M9 15.5L15.5 8.8" }));

/**
 * A person in a box, and what of it counts.
 * @param {"bottom"|"center"|"any"} anchor
 * @returns {SVGElement}
 */
export function figure(anchor) {
  const person = drawn("path", { class: "person", d: "M16 15.6a4.1 4.1 0 1 0 0-8.2 4.1 4.1 0 0 0 0 8.2zM9.6 33v-8.2c0-4.2 2.8-6.6 6.4-6.6s6.4 2.4 6.4 6.6V33" });
  const box = drawn("rect", { class: anchor === "any" ? "box whole" : "box", x: "5", y: "4", width: "22", height: "31" });
  const dot = anchor === "any" ? [] : [drawn("circle", { class: "spot", cx: "16", cy: anchor === "bottom" ? "35" : "19.5", r: "3.6" })];
  return drawn("svg", { class: "figure", viewBox: "0 0 32 40", "aria-hidden": "true" }, box, person, ...dot);
}
