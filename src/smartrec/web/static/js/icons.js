/** Pictures on buttons: lines on 24 × 24; a path that begins with "!" is filled. */

const SPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  play: ["!M8 5.2v13.6L19 12z"],
  pause: ["!M7.5 5.5h3v13h-3zM13.5 5.5h3v13h-3z"],
  backward: ["!M16 5.2v13.6L5 12z"],
  stepOn: ["!M6.5 6.2v11.6L15 12z", "M17.5 6.5v11"],
  stepBack: ["!M17.5 6.2v11.6L9 12z", "M6.5 6.5v11"],
  boxes: ["M4.5 8.5v-4h4M15.5 4.5h4v4M19.5 15.5v4h-4M8.5 19.5h-4v-4", "M12 7.6a2.1 2.1 0 1 1 0 4.2a2.1 2.1 0 0 1 0-4.2zM8.2 16.8c0-2 1.6-3.2 3.8-3.2s3.8 1.2 3.8 3.2"],
  sound: ["!M4.5 9.5v5h3l4.5 3.8V5.7L7.5 9.5z", "M15.2 9a4.2 4.2 0 0 1 0 6M17.7 6.6a7.6 7.6 0 0 1 0 10.8"],
  mute: ["!M4.5 9.5v5h3l4.5 3.8V5.7L7.5 9.5z", "M15.5 9.7l4.6 4.6M20.1 9.7l-4.6 4.6"],
  full: ["M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15"],
  fullOff: ["M9 4.5V9H4.5M19.5 9H15V4.5M15 19.5V15h4.5M4.5 15H9v4.5"],
  download: ["M12 4.5v10.2M7.8 10.7L12 14.9l4.2-4.2M5 19h14"],
  pin: ["M9 4.5h6M10 4.5v5.2l-2.7 3.6h9.4L14 9.7V4.5M12 13.3v6.2"],
  remove: ["M5 7h14M9.5 6.8V4.6h5v2.2M6.8 7l.8 12.4h8.8L17.2 7M10.3 10.6v5.3M13.7 10.6v5.3"],
  older: ["M14.5 6l-6 6l6 6"],
  newer: ["M9.5 6l6 6l-6 6"],
  good: ["M12 3.6l7 2.6v5.1c0 4.4-2.9 7.5-7 8.9c-4.1-1.4-7-4.5-7-8.9V6.2z", "M8.7 11.9l2.4 2.4l4.3-4.7"],
  warn: ["M12 4.4l8.4 14.8H3.6z", "M12 10v4.2M12 16.8v.1"],
  open: ["M12 3.75a8.25 8.25 0 1 1 0 16.5a8.25 8.25 0 0 1 0-16.5z", "M12 7.5V12l3 2"],
  copy: ["M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9"],
  share: ["M12 15V4.5M8 8.3l4-4l4 4M7.5 11.5H5.5v8h13v-8h-2"],
  person: ["M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.6-3.6 3.4-5.5 7-5.5s6.4 1.9 7 5.5"],
  note: ["M5 5h14v10h-5l-4 4v-4H5z"],
  undo: ["M8.8 5L4.8 9l4 4M5.2 9h8.6a5 5 0 0 1 0 10H9.5"],
  redo: ["M15.2 5l4 4-4 4M18.8 9h-8.6a5 5 0 0 0 0 10h4.3"],
  tick: ["M6 12.6l4 4L18 8"],
  cross: ["M7.5 7.5l9 9M16.5 7.5l-9 9"],
  find: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20"],
  lock: ["M6.5 11h11v8.5h-11z", "M8.8 11V8.2a3.2 3.2 0 0 1 6.4 0V11"],
  less: ["M6 12h12"],
  more: ["M6 12h12M12 6v12"],
};

/**
 * @param {string} tag Of SVG.
 * @param {Object<string, string>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {keyof typeof PATHS} name */
export const icon = (name) => {
  const svg = drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  swap(svg, name);
  return svg;
};

/**
 * Let a picture become another.
 * @param {SVGElement} svg
 * @param {keyof typeof PATHS} name
 */
export function swap(svg, name) {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  svg.replaceChildren(...PATHS[name].map((path) => drawn("path", path[0] === "!" ? { d: path.slice(1), class: "solid" } : { d: path })));
}
