/** Polygons, their corners as shares of the upright picture. Pure. */

/** @typedef {[number, number]} Point From the left, from the top; 0 to 1. */

export const LEAST = 3;
export const MOST = 200;
const FINE = 1e4; // finer than a pixel of any camera

/** @param {number} share @returns {number} Within the picture, and short to write. */
export const fine = (share) => Math.round(Math.min(1, Math.max(0, share)) * FINE) / FINE;

/** @param {Point} point @returns {Point} */
export const within = ([x, y]) => [fine(x), fine(y)];

/** @param {Point} a @param {Point} b @returns {Point} */
export const middle = (a, b) => within([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);

/**
 * The same polygon elsewhere; it stops at the picture's edge as it is.
 * @param {Point[]} polygon
 * @param {number} across
 * @param {number} down
 * @returns {Point[]}
 */
export function shifted(polygon, across, down) {
  const by = [across, down].map((step, axis) => {
    const places = polygon.map((point) => point[axis]);
    return Math.min(1 - Math.max(...places), Math.max(-Math.min(...places), step));
  });
  return polygon.map(([x, y]) => within([x + by[0], y + by[1]]));
}

/**
 * What lies near the picture's edge lies on it: whoever is cut by the edge has the feet there.
 * @param {Point} point
 * @param {{width: number, height: number}} size Of the picture, CSS pixels.
 * @param {number} near CSS pixels.
 * @returns {Point}
 */
export const snapped = ([x, y], size, near) => [edge(x, near / size.width), edge(y, near / size.height)];

const edge = (share, near) => (share < near ? 0 : share > 1 - near ? 1 : share);

/**
 * @param {Point[]} points
 * @param {Point} at
 * @param {{width: number, height: number}} size Of the picture, CSS pixels.
 * @param {number} most CSS pixels.
 * @returns {number} Index of the nearest that is not farther; -1: none.
 */
export function nearest(points, at, size, most) {
  let best = { index: -1, far: most };
  points.forEach((point, index) => {
    const far = distance(point, at, size);
    if (far <= best.far) best = { index, far };
  });
  return best.index;
}

/** @param {Point} a @param {Point} b @param {{width: number, height: number}} size @returns {number} CSS pixels. */
export const distance = (a, b, size) => Math.hypot((a[0] - b[0]) * size.width, (a[1] - b[1]) * size.height);

/** @param {Point[]} polygon @returns {number} Share of the picture (shoelace formula). */
export function area(polygon) {
  const turns = polygon.map(([x, y], i) => {
    const [u, v] = polygon[(i + 1) % polygon.length];
    return x * v - u * y;
  });
  return Math.abs(turns.reduce((sum, each) => sum + each, 0)) / 2;
}
