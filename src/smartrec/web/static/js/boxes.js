/** Persons' boxes with their scores, drawn as on the recorder's own screen. */

import { say, words } from "./strings.js";

const BOX = "#40c8ff";
const EDGE = "rgb(8 10 12 / 0.9)";
const PLATE = "rgb(14 16 20 / 0.72)";
const TEXT = "#f5f6f8";
const HIGH = 1.7; // a plate, in sizes of its letters

export class Boxes {
  /** @param {HTMLCanvasElement} canvas Of the same shape as the picture below it. */
  constructor(canvas) {
    this._canvas = canvas;
    this._context = canvas.getContext("2d");
    this._empty = true;
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
    this._empty = true;
  }

  /** @param {import("./looks.js").Shown[]} shown */
  draw(shown) {
    if (this._empty && !shown.length) return;
    const { width, height } = this._canvas;
    this._context.clearRect(0, 0, width, height);
    this._empty = !shown.length;
    for (const each of shown) this._one(each, width, height);
    this._context.globalAlpha = 1;
  }

  _one({ box, score, weight }, width, height) {
    const context = this._context;
    const text = Math.max(12 * this._dense, Math.min(height, width * 0.7) / 34);
    const line = Math.max(2 * this._dense, Math.round(text / 7));
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), 1) * most);
    const [left, right] = [within(box[0], width), within(box[2], width)];
    const [top, bottom] = [within(box[1], height), within(box[3], height)];
    if (right - left < line || bottom - top < line) return; // it has left the picture
    context.globalAlpha = weight;
    context.lineJoin = "miter";
    const half = line / 2 + this._dense;
    const frame = [left + half, top + half, Math.max(1, right - left - 2 * half), Math.max(1, bottom - top - 2 * half)];
    context.strokeStyle = EDGE;
    context.lineWidth = line + 2 * this._dense;
    context.strokeRect(...frame);
    context.strokeStyle = BOX;
    context.lineWidth = line;
    context.strokeRect(...frame);
    this._label(say.score(words.person, score), left, top, text, width);
  }

  _label(text, left, top, size, width) {
    const above = top - size * HIGH - this._dense;
    plate(this._context, text, left, above >= 0 ? above : top, size, width);
  }
}

/**
 * A word upon a picture.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} left Where it should begin; it stays within the picture.
 * @param {number} top
 * @param {number} size Of the letters.
 * @param {number} width Of the picture.
 * @param {number} [height] Of the picture.
 */
export function plate(context, text, left, top, size, width, height = Infinity) {
  context.font = `500 ${size}px system-ui, sans-serif`;
  const pad = size * 0.5;
  const high = size * HIGH;
  const wide = context.measureText(text).width + 2 * pad;
  const x = Math.max(0, Math.min(left, width - wide));
  const y = Math.min(top, height - high);
  context.fillStyle = PLATE;
  context.beginPath();
  if (context.roundRect) context.roundRect(x, y, wide, high, size * 0.3);
  else context.rect(x, y, wide, high);
  context.fill();
  context.fillStyle = TEXT;
  context.textBaseline = "middle";
  context.fillText(text, x + pad, y + high / 2 + size * 0.04);
}
