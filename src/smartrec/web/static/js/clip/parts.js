/**
 * What a clip is made of: pre-roll, event, post-roll, and the moments that led to it. Pure.
 *
 * @typedef {{begin: number, event: number, after: number, end: number}} Parts Milliseconds from the
 *   first picture, none smaller than the one before.
 */

/**
 * @param {{at_s: number, last_s: ?number}[]} triggers
 * @param {number} duration Milliseconds.
 * @param {boolean} open Whether it is being recorded: it is not over then.
 * @returns {?Parts} null where there is no trigger.
 */
export function partsOf(triggers, duration, open) {
  if (!triggers.length) return null;
  const within = (seconds) => Math.min(duration, Math.max(0, seconds * 1000));
  const event = within(Math.min(...triggers.map((each) => each.at_s)));
  const last = within(Math.max(...triggers.map((each) => each.last_s ?? each.at_s)));
  return { begin: 0, event, after: Math.max(event, last), end: open ? Math.max(duration, last) : duration };
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * Round times to write below a clip.
 * @param {number} duration Milliseconds.
 * @param {number} room How many there is room for.
 * @returns {number[]} Milliseconds.
 */
export function ticks(duration, room) {
  const step = (STEPS_S.find((each) => (each * 1000 * room) >= duration) ?? STEPS_S.at(-1)) * 1000;
  const found = [];
  for (let at = 0; at <= duration && found.length < 200; at += step) found.push(at);
  return found;
}
