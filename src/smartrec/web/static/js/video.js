/** A camera that sends H.264 or H.265: a video element in the place of the canvas. */

import { CodedPicture } from "./mse.js";
import { turn } from "./picture.js";
import { trouble } from "./strings.js";

export class Video {
  /**
   * @param {HTMLElement} pane Where the element goes, below everything else.
   * @param {HTMLElement} canvas Gives way to it.
   * @param {(epoch: number, pts: number) => void} drawn Which picture is on the screen.
   */
  constructor(pane, canvas, drawn) {
    this._pane = pane;
    this._canvas = canvas;
    this._drawn = drawn;
    this._player = null;
    /** @type {?[string, string]} Why nothing can be shown, and what mends it. */
    this.refusal = null;
  }

  /** @param {Object} format The message. */
  begin(format) {
    this.end();
    if (format.problem) {
      this.refusal = [format.problem.message, format.problem.hint];
      return;
    }
    this._player = new CodedPicture({
      mime: format.mime,
      onframe: this._drawn,
      ontrouble: (kind) => (this.refusal = kind && trouble[kind](format.codec)),
    });
    const { element } = this._player;
    element.setAttribute("aria-hidden", "true");
    turn(element, format);
    this._pane.prepend(element);
    this._canvas.hidden = true;
  }

  /**
   * @param {import("./link.js").Header} header
   * @param {Uint8Array} bytes
   */
  push(header, bytes) {
    this._player?.push(header.kind, header, bytes);
  }

  /** Back to the canvas. */
  end() {
    this.refusal = null;
    this._canvas.hidden = false;
    this._player?.close();
    this._player?.element.remove();
    this._player = null;
  }
}
