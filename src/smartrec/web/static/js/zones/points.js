/** Where persons were, upon the picture: a dot where they would have counted, a cross where not. */

import { make } from "../dom.js";
import { LINES } from "../outlines.js";

const EDGE = "rgb(8 10 12 / 0.75)";
const EDGE_WIDTH = 2; // CSS pixels around a mark
const SIZE = 1 / 280; // of the picture's width
const SIZES = [1.4, 3.5]; // CSS pixels, the least and the most
const MANY = 1_500;
const CELL = 2; // CSS pixels: what is nearer to another is not seen beside it
const FAINT = 0.18;

export class Points {
  constructor() {
    this.element = make("canvas", { class: "points", "aria-hidden": "true" });
    // Thousands of marks, seen below what moves: as a bitmap they are painted once, and not with each frame.
    this._shown = this.element.getContext("bitmaprenderer");
    this._scratch = document.createElement("canvas");
    this._context = this._scratch.getContext("2d");
    this._clips = [];
    this._pointed = null;
  }

  /** @param {import("../arrange.js").Place} place */
  put(place) {
    for (const side of ["left", "top", "width", "height"]) this.element.style[side] = `${place[side]}px`;
    this._scratch.width = Math.round(place.width * devicePixelRatio);
    this._scratch.height = Math.round(place.height * devicePixelRatio);
    this._draw();
  }

  /** @param {import("./trial.js").Tried[]} clips */
  show(clips) {
    this._clips = clips;
    this._soon();
  }

  /** @param {?string} id Of the clip that somebody looks at: the others' points are faint. */
  set pointed(id) {
    this._pointed = id;
    this._soon();
  }

  _soon() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = null;
      this._draw();
    });
  }

  async _draw() {
    const { width, height } = this._scratch;
    if (!width || !height) return;
    this._paint(width, height);
    const turn = (this._turn = {});
    const bitmap = await createImageBitmap(this._scratch);
    if (turn === this._turn) this._shown.transferFromImageBitmap(bitmap);
    else bitmap.close();
  }

  _paint(width, height) {
    const context = this._context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.scale(devicePixelRatio, devicePixelRatio);
    const size = { width: width / devicePixelRatio, height: height / devicePixelRatio };
    const [own, others] = [[], []];
    for (const clip of this._clips) (clip.id === this._pointed ? own : others).push(...clip.points);
    const many = own.length + others.length > MANY;
    this._size = Math.min(SIZES[1], Math.max(SIZES[0], size.width * SIZE)) * (many ? 0.7 : 1);
    context.globalAlpha = this._pointed ? FAINT : 0.9;
    this._mark(others, size);
    context.globalAlpha = 1;
    this._mark(own, size);
  }

  _mark(points, { width, height }) {
    const half = this._size + EDGE_WIDTH;
    const stamps = [false, true].map((counts) => stamp(counts, this._size));
    const side = stamps[0].width / devicePixelRatio;
    const taken = new Set();
    // Dots come last: where some count and others do not, it is a place of those who do.
    for (const [x, y, counts] of points.sort((one, other) => one[2] - other[2])) {
      const left = Math.min(Math.max(x * width, half), width - half);
      const top = Math.min(Math.max(y * height, half), height - half);
      const cell = `${Math.round(left / CELL)} ${Math.round(top / CELL)} ${counts}`;
      if (taken.has(cell)) continue; // many go the same way
      taken.add(cell);
      this._context.drawImage(stamps[Number(counts)], left - side / 2, top - side / 2, side, side);
    }
  }
}

/** A mark to be put in many places: that is far cheaper than one path of all of them. */
function stamp(counts, radius) {
  const made = document.createElement("canvas");
  made.width = made.height = Math.ceil(2 * (radius + EDGE_WIDTH) * devicePixelRatio);
  const context = made.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  context.translate(made.width / devicePixelRatio / 2, made.height / devicePixelRatio / 2);
  context.lineCap = "round";
  const path = new Path2D(counts ? undefined : `M${-radius} ${-radius}L${radius} ${radius}M${-radius} ${radius}L${radius} ${-radius}`);
  if (counts) path.arc(0, 0, radius, 0, 2 * Math.PI);
  context.strokeStyle = EDGE;
  const line = Math.max(1.25, radius / 2);
  context.lineWidth = counts ? 1.5 : line + 1.5;
  context.stroke(path);
  context.strokeStyle = LINES.exclude.colour;
  context.lineWidth = line;
  context.fillStyle = LINES.include.colour;
  if (counts) context.fill(path);
  else context.stroke(path);
  return made;
}
