/** Wheel, pinch, drag and tap on a line of time. */

const DRAGS = 5; // CSS pixels until a press is no tap
const PER_LINE = 16; // pixels, of wheels that count lines
const GENTLE = 0.0018;

/**
 * @param {HTMLElement} element
 * @param {Object} told Places are shares of its width, 0 to 1.
 * @param {(by: number) => void} told.pan
 * @param {(factor: number, at: number) => void} told.zoom
 * @param {(at: number, event: PointerEvent) => void} told.tap
 * @param {(at: ?number, event: ?PointerEvent) => void} told.point null: no longer.
 * @param {() => void} told.settle A gesture is over.
 */
export function gestures(element, told) {
  const down = new Map();
  let moved = false;
  const share = (clientX) => {
    const { left, width } = element.getBoundingClientRect();
    return (clientX - left) / width;
  };

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? PER_LINE : event.deltaMode === 2 ? element.clientHeight : 1;
      const [x, y] = [event.deltaX * unit, event.deltaY * unit];
      if (event.shiftKey || Math.abs(x) > Math.abs(y)) told.pan((Math.abs(x) > Math.abs(y) ? x : y) / element.clientWidth);
      else told.zoom(Math.exp(y * GENTLE * (event.ctrlKey ? 5 : 1)), share(event.clientX));
      told.settle();
    },
    { passive: false },
  );

  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!down.size) moved = false;
    down.set(event.pointerId, event.clientX);
  });
  element.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) {
      if (event.pointerType === "mouse") told.point(share(event.clientX), event);
      return;
    }
    const before = down.get(event.pointerId);
    if (!moved && down.size === 1 && Math.abs(event.clientX - before) < DRAGS) return;
    if (!moved) {
      moved = true;
      element.setPointerCapture(event.pointerId);
      told.point(null, null);
    }
    const old = [...down.values()];
    down.set(event.pointerId, event.clientX);
    if (down.size === 1) told.pan((before - event.clientX) / element.clientWidth);
    else pinch(old, [...down.values()]);
  });
  const up = (event) => {
    if (!down.delete(event.pointerId) || down.size) return;
    if (moved) told.settle();
    else if (event.type === "pointerup") told.tap(share(event.clientX), event);
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && told.point(null, null));

  function pinch([a, b], [c, d]) {
    const [wide, now] = [Math.abs(a - b), Math.abs(c - d)];
    if (wide > 8 && now > 8) told.zoom(wide / now, share((c + d) / 2));
    told.pan((a + b - c - d) / 2 / element.clientWidth);
  }
}
