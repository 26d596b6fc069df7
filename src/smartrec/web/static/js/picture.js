/**
 * A camera's JPEGs on a canvas: decoded one after the other in the order they came, the newest only,
 * drawn when the screen is ready for one. What comes faster than this machine decodes is left out.
 */

export class Picture {
  /**
   * @param {HTMLCanvasElement} canvas Stands upright however the camera hangs.
   * @param {(epoch: number, pts: number) => void} drawn Called in the frame in which a picture is drawn.
   */
  constructor(canvas, drawn) {
    this._canvas = canvas;
    this._context = canvas.getContext("2d", { alpha: false });
    this._drawn = drawn;
    this._waiting = null;
    this._decoding = false;
    this._ready = null;
    this._shown = null;
    this._turn = { rotate: 0, flip: false };
    this._box = { width: 0, height: 0 };
  }

  /** @param {{rotate: number, flip: boolean}} format How pictures must be turned to stand upright. */
  set format(format) {
    this._turn = { rotate: (format.rotate ?? 0) % 360, flip: Boolean(format.flip) };
  }

  /**
   * @param {{epoch: number, pts: number}} header
   * @param {Uint8Array} bytes
   */
  push(header, bytes) {
    this._waiting = { header, bytes };
    if (!this._decoding) this._decode();
  }

  /**
   * How large it is shown.
   * @param {number} width Device pixels.
   * @param {number} height Device pixels.
   */
  resize(width, height) {
    this._box = { width, height };
    if (this._shown) this._paint(this._shown);
  }

  /** Forget what is shown. */
  clear() {
    this._waiting = null;
    this._take(null);
    this._shown?.bitmap.close();
    this._shown = null;
  }

  async _decode() {
    this._decoding = true;
    while (this._waiting) {
      const { header, bytes } = this._waiting;
      this._waiting = null;
      try {
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        this._take({ header, bitmap });
      } catch (error) {
        console.debug("a picture could not be decoded", error); // the recorder counts damaged ones
      }
    }
    this._decoding = false;
  }

  _take(picture) {
    if (this._ready) this._ready.bitmap.close();
    else if (picture) requestAnimationFrame(() => this._draw());
    this._ready = picture;
  }

  _draw() {
    const picture = this._ready;
    if (!picture) return;
    this._ready = null;
    this._shown?.bitmap.close();
    this._shown = picture;
    this._paint(picture);
    this._drawn(picture.header.epoch, picture.header.pts);
  }

  _paint({ bitmap }) {
    paintUpright(this._context, bitmap, this._turn, this._box);
  }
}

/**
 * Paint a picture so that it stands upright; the canvas gets its size, or less where less is seen.
 * @param {CanvasRenderingContext2D} context
 * @param {ImageBitmap} bitmap
 * @param {{rotate: number, flip: boolean}} turn
 * @param {{width: number, height: number}} box How large it is shown, device pixels.
 */
export function paintUpright(context, bitmap, { rotate, flip }, box) {
  const across = rotate % 180 !== 0;
  const upright = across ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height];
  const scale = Math.min(1, Math.max(box.width / upright[0], box.height / upright[1]) || 1);
  const [width, height] = upright.map((side) => Math.max(1, Math.round(side * scale)));
  const { canvas } = context;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context.setTransform(1, 0, 0, 1, width / 2, height / 2);
  if (flip) context.scale(-1, 1);
  context.rotate((rotate * Math.PI) / 180);
  const [w, h] = across ? [height, width] : [width, height];
  context.drawImage(bitmap, -w / 2, -h / 2, w, h);
}

/**
 * Let an element that shows a camera's picture as it came stand upright; css has the rest.
 * @param {HTMLElement} element
 * @param {{rotate: number, flip: boolean}} how
 */
export function turn(element, { rotate = 0, flip = false }) {
  if (rotate % 360 === 0 && !flip) return;
  element.classList.add("turned");
  element.classList.toggle("across", rotate % 180 !== 0);
  element.style.transform = `translate(-50%, -50%)${flip ? " scaleX(-1)" : ""} rotate(${rotate}deg)`;
}
