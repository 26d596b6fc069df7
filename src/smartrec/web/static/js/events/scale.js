/** Time upon a line: days as the viewer's zone has them, steps that people count in. Pure. */

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

export const SHORTEST = 10 * S;
export const LONGEST = 93 * D;

const BINS = [S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S, M, 2 * M, 5 * M, 10 * M, 15 * M, 30 * M, H, 2 * H, 3 * H, 6 * H, 12 * H, D];
const TICKS = [...BINS.slice(0, -1), D, 2 * D, 7 * D, 28 * D];

/** @typedef {{from: number, to: number}} Range Milliseconds since 1970; `to` is not in it. */

/**
 * The calendar's unit around a moment.
 * @param {number} ms
 * @param {"hour"|"day"|"week"|"month"} unit
 * @param {number} [steps] How many units later.
 * @returns {Range}
 */
export function unitAt(ms, unit, steps = 0) {
  const at = new Date(ms);
  const [y, m, d] = [at.getFullYear(), at.getMonth(), at.getDate()];
  const between = (begin, end) => ({ from: begin.getTime(), to: end.getTime() });
  if (unit === "month") return between(new Date(y, m + steps, 1), new Date(y, m + steps + 1, 1));
  if (unit === "day") return between(new Date(y, m, d + steps), new Date(y, m, d + steps + 1));
  if (unit === "week") {
    const monday = d - ((at.getDay() + 6) % 7) + 7 * steps;
    return between(new Date(y, m, monday), new Date(y, m, monday + 7));
  }
  const begin = binned(ms, H) + steps * H;
  return { from: begin, to: begin + H };
}

/**
 * @param {Range} range
 * @returns {?("hour"|"day"|"week"|"month")} Which unit of the calendar it is.
 */
export function unitOf(range) {
  const same = (unit) => {
    const whole = unitAt(range.from, unit);
    return Math.abs(whole.from - range.from) < S && Math.abs(whole.to - range.to) < S;
  };
  return ["day", "week", "month", "hour"].find(same) ?? null;
}

/**
 * @param {number} length Milliseconds.
 * @param {number} most How many bins there may be.
 * @returns {number} Milliseconds of a bin.
 */
export const binFor = (length, most) => BINS.find((bin) => length / bin <= most) ?? Math.ceil(length / most / D) * D;

/**
 * Where bins begin: at whole steps of the viewer's clock.
 * @param {number} ms
 * @param {number} bin
 */
export function binned(ms, bin) {
  const shift = new Date(ms).getTimezoneOffset() * M;
  return Math.floor((ms - shift) / bin) * bin + shift;
}

/**
 * @param {Range} range
 * @param {number} most How many have room.
 * @returns {{step: number, at: number[]}} The moments to be labelled; a step before and after.
 */
export function ticks(range, most) {
  const length = range.to - range.from;
  const step = TICKS.find((each) => length / each <= most) ?? TICKS.at(-1);
  if (step < H) return { step, at: even(range, step) };
  const at = [];
  const begin = new Date(range.from);
  if (step === 28 * D) {
    for (let m = 0; !at.length || at.at(-1) < range.to; m += 1) at.push(new Date(begin.getFullYear(), begin.getMonth() + m, 1).getTime());
    return { step, at };
  }
  const days = Math.max(1, step / D);
  // Two days are counted within the month, weeks from Monday: so labels stay while one moves.
  let day = new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() - (days === 7 ? (begin.getDay() + 6) % 7 : days === 2 ? (begin.getDate() + 1) % 2 : 0));
  while (day.getTime() < range.to) {
    const [y, m, d] = [day.getFullYear(), day.getMonth(), day.getDate()];
    if (step >= D) at.push(day.getTime());
    else for (let h = 0; h < 24; h += step / H) at.push(new Date(y, m, d, h).getTime());
    const next = new Date(y, m, d + days);
    day = days === 2 && next.getMonth() !== m ? new Date(y, m + 1, 1) : next;
  }
  at.push(day.getTime());
  return { step, at: [...new Set(at)] }; // an hour that does not exist is the next
}

function even(range, step) {
  const at = [];
  for (let ms = binned(range.from, step); ms < range.to + step; ms += step) at.push(ms);
  return at;
}

/**
 * Keep a range within what can be shown.
 * @param {Range} range
 * @param {number} around What stays where it is if the length must change.
 * @returns {Range}
 */
export function bounded({ from, to }, around = (from + to) / 2) {
  const length = Math.min(Math.max(to - from, SHORTEST), LONGEST);
  const share = to > from ? (around - from) / (to - from) : 0.5;
  const begin = around - share * length;
  return { from: begin, to: begin + length };
}
