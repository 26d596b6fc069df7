/** A camera's zones upon its live picture: thin outlines with their names. */

import { plate } from "./boxes.js";

/** Solid where persons count; dashed and hatched where they do not: colour alone tells nothing. */
export const LINES = {
  include: { colour: "#7ee2a8", dash: [] },
  exclude: { colour: "#ffb84d", dash: [7, 5] },
};
const EDGE = "rgb(8 10 12 / 0.6)";
const HATCH = 12; // CSS pixels from line to line

export class Outlines {
  /** @param {HTMLCanvasElement} canvas Of the same shape as the picture below it. */
  constructor(canvas) {
    this._canvas = canvas;
    this._context = canvas.getContext("2d");
    this._zones = [];
  }

  /**
   * @param {number} width Device pixels.
   * @param {number} height Device pixels.
   * @param {number} dense Device pixels a CSS pixel.
   */
  resize(width, height, dense) {
    this._canvas.width = width;
    this._canvas.height = height;
    this._dense = dense;
    this._draw();
  }

  /** @param {import("./cameras.js").Outline[]} zones */
  show(zones) {
    const told = JSON.stringify(zones);
    if (told === this._told) return;
    this._told = told;
    this._zones = zones;
    this._draw();
  }

  _draw() {
    const { width, height } = this._canvas;
    this._context.clearRect(0, 0, width, height);
    if (!this._dense) return;
    for (const zone of this._zones) this._outline(zone, width, height);
    for (const zone of this._zones) this._name(zone, width, height);
  }

  _outline({ kind, polygon }, width, height) {
    const context = this._context;
    const { colour, dash } = LINES[kind] ?? LINES.include;
    const path = new Path2D();
    for (const [x, y] of polygon) path.lineTo(x * width, y * height);
    path.closePath();
    if (dash.length) this._hatch(path, colour, width, height);
    context.lineJoin = "round";
    for (const [style, line, dashes] of [[EDGE, 3.75, []], [colour, 1.75, dash]]) {
      context.strokeStyle = style;
      context.lineWidth = line * this._dense;
      context.setLineDash(dashes.map((each) => each * this._dense));
      context.stroke(path);
    }
    context.setLineDash([]);
  }

  _hatch(path, colour, width, height) {
    const context = this._context;
    const step = HATCH * this._dense;
    context.save();
    context.clip(path, "evenodd");
    context.beginPath();
    for (let x = -height; x < width; x += step) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.globalAlpha = 0.3;
    context.lineWidth = this._dense;
    context.strokeStyle = colour;
    context.stroke();
    context.restore();
  }

  _name({ name, polygon }, width, height) {
    const [x, y] = first(polygon, width / height);
    const size = Math.max(11 * this._dense, Math.min(height, width * 0.7) / 42);
    plate(this._context, name, x * width + size * 0.35, y * height + size * 0.35, size, width - size * 0.35, height);
  }
}

/**
 * Where a zone's name begins.
 * @param {[number, number][]} polygon
 * @param {number} shape Of the picture, width over height.
 * @returns {[number, number]} The corner that is farthest to the left and the top.
 */
export const first = (polygon, shape) => polygon.reduce((best, each) => (each[0] * shape + each[1] < best[0] * shape + best[1] ? each : best));
