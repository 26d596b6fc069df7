/** Draws the timeline: axis, persons, a lane for each camera. */

import { ticks } from "./scale.js";
import { say, words } from "./strings.js";

const PER_TICK = 4.5; // rem
const EACH_UNTIL = 60_000; // from bins of this length on, clips are drawn one by one
const FULL = 4; // clips in a bin that fill a lane, where none has more

/**
 * @typedef {Object} Scene
 * @property {import("./scale.js").Range} range
 * @property {{width: number, height: number, rem: number, axis: number, persons: number, lane: number, name: number}} size CSS pixels.
 * @property {{id: string}[]} cameras From above.
 * @property {?import("./density.js").Found} found
 * @property {{camera: string, from: number}[]} open What is being recorded.
 * @property {number} now
 * @property {?number} cursor Where somebody points to.
 * @property {?import("./scale.js").Range} listed What of it the list shows.
 * @property {?Object} pointed A clip that is pointed to elsewhere: its start and length.
 * @property {Object<string, string>} colours
 */

/**
 * @param {CanvasRenderingContext2D} context Scaled to CSS pixels.
 * @param {Scene} scene
 */
export function draw(context, scene) {
  const { size, range } = scene;
  const x = (ms) => ((ms - range.from) / (range.to - range.from)) * size.width;
  context.clearRect(0, 0, size.width, size.height);
  const marks = ticks(range, Math.max(2, size.width / (PER_TICK * size.rem)));
  ground(context, scene, x, marks);
  axis(context, scene, x, marks);
  const each = scene.found?.spans && scene.found.bin <= EACH_UNTIL;
  scene.cameras.forEach((camera, index) => {
    const place = { top: size.axis + size.persons + index * size.lane + size.name, height: size.lane - size.name, camera: camera.id };
    if (each) spans(context, scene, x, place);
    else if (scene.found) bars(context, scene, x, place);
    recording(context, scene, x, place);
  });
  if (scene.found) counts(context, scene, x, marks);
  lines(context, scene, x);
}

function ground(context, { size, range, cameras, colours, now }, x, marks) {
  const top = size.axis + size.persons;
  context.fillStyle = colours.ground;
  const begun = Math.max(0, Math.min(size.width, x(now)));
  if (now < range.to) context.fillRect(begun, top, size.width - begun, size.height - top);
  context.fillStyle = colours.line;
  for (const ms of marks.at) {
    context.globalAlpha = midnight(ms) ? 1 : 0.55;
    context.fillRect(Math.round(x(ms)), size.axis - 4, 1, size.height);
  }
  context.globalAlpha = 1;
  for (let i = 0; i <= cameras.length; i += 1) context.fillRect(0, Math.round(top + i * size.lane) - (i === cameras.length), size.width, 1);
}

const midnight = (ms) => {
  const at = new Date(ms);
  return !at.getHours() && !at.getMinutes() && !at.getSeconds();
};

function axis(context, { size, range, colours }, x, { at, step }) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  const last = { end: -Infinity };
  for (const ms of at) {
    const strong = midnight(ms) && step < 86_400_000;
    context.font = `${strong ? 600 : 400} ${0.75 * size.rem}px ${FACE}`;
    context.fillStyle = strong ? colours.ink : colours.soft;
    const text = say.tick(ms, step);
    const left = x(ms) + 0.375 * size.rem;
    const wide = context.measureText(text).width;
    if (left < 0 || left + wide > size.width || left < last.end || ms >= range.to) continue;
    context.fillText(text, left, size.axis / 2);
    last.end = left + wide + 0.5 * size.rem;
  }
}

const FACE = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif";

/** How many persons between two labels of the axis, all cameras together. */
function counts(context, { size, found, now, colours }, x, { at }) {
  context.font = `500 ${0.75 * size.rem}px ${FACE}`;
  context.textAlign = "center";
  context.fillStyle = colours.accent;
  for (let i = 0; i + 1 < at.length; i += 1) {
    const first = Math.max(0, Math.round((at[i] - found.from) / found.bin));
    const end = Math.round((at[i + 1] - found.from) / found.bin);
    let persons = 0;
    for (const lane of found.lanes) for (let n = first; n < end; n += 1) persons += lane.persons[n] ?? 0;
    const here = now > at[i] ? now : Infinity;
    const [left, right] = [Math.max(0, x(at[i])), Math.min(size.width, x(Math.min(at[i + 1], here)))];
    const text = say.counted(persons);
    const wide = context.measureText(text).width;
    if (!persons || right - left < wide + 4) continue;
    context.fillText(text, (left + right) / 2, size.axis + size.persons / 2);
    if (size.name && right - left > wide + 2 * size.rem) person(context, (left + right - wide) / 2 - 0.5 * size.rem, size.axis + size.persons / 2, size.rem, colours);
  }
}

/** Says what the number is of, where that stands nowhere else. */
function person(context, x, y, rem, { accent }) {
  context.strokeStyle = accent;
  context.lineWidth = 1.3;
  context.beginPath();
  context.arc(x, y - 0.17 * rem, 0.14 * rem, 0, 7);
  context.moveTo(x + 0.28 * rem, y + 0.34 * rem);
  context.arc(x, y + 0.34 * rem, 0.28 * rem, 0, Math.PI, true);
  context.stroke();
}

function bars(context, { size, range, found, colours }, x, place) {
  const lane = found.lanes.find((each) => each.id === place.camera);
  if (!lane) return;
  const first = Math.max(0, Math.floor((range.from - found.from) / found.bin));
  const end = Math.min(lane.clips.length, Math.ceil((range.to - found.from) / found.bin));
  let most = FULL;
  for (const { clips } of found.lanes) for (let n = first; n < end; n += 1) most = Math.max(most, clips[n]);
  const room = place.height - 0.375 * size.rem;
  for (let n = first; n < end; n += 1) {
    if (!lane.clips[n]) continue;
    const left = x(found.from + n * found.bin);
    const wide = Math.max(2, x(found.from + (n + 1) * found.bin) - left - 1);
    const high = Math.max(3, Math.sqrt(lane.clips[n] / most) * room);
    context.fillStyle = lane.persons[n] ? colours.accent : colours.quiet;
    bar(context, left, place.top + place.height - high, wide, high - 1, [2, 2, 0, 0]);
  }
}

function spans(context, scene, x, place) {
  const { size, range, found, colours } = scene;
  const pad = Math.max(3, place.height * 0.16);
  for (const span of found.spans) {
    if (span.camera !== place.camera || span.start_ms > range.to) continue;
    const left = x(span.start_ms);
    const end = x(span.start_ms + 1000 * (span.duration_s ?? 0));
    if (end < 0 && left < -8) continue;
    const wide = Math.max(4, end - left - 1);
    const high = place.height - 2 * pad;
    context.fillStyle = span.persons ? colours.accent : colours.quiet;
    bar(context, left, place.top + pad, wide, high, [3, 3, 3, 3]);
    if (span.pinned) {
      context.fillStyle = colours.ink;
      context.fillRect(left, place.top + place.height - pad + 1, Math.max(4, Math.min(wide, size.rem)), 2);
    }
    inside(context, span, Math.max(0, left), Math.min(size.width, left + wide), place, scene);
  }
}

/** How many persons, where it has room. */
function inside(context, span, left, right, place, { size, colours }) {
  if (!span.persons || right - left < 1.5 * size.rem) return;
  context.font = `600 ${0.75 * size.rem}px ${FACE}`;
  context.textAlign = "left";
  context.fillStyle = colours.surface;
  context.fillText(say.counted(span.persons), left + 0.4 * size.rem, place.top + place.height / 2 + 0.5);
}

function recording(context, { size, open, now, colours }, x, place) {
  for (const each of open) {
    if (each.camera !== place.camera) continue;
    const pad = Math.max(3, place.height * 0.16);
    const left = x(each.from);
    context.fillStyle = colours.rec;
    const wide = Math.max(4, x(now) - left);
    if (left < size.width && left + wide > 0) bar(context, left, place.top + pad, wide, place.height - 2 * pad, [3, 0, 0, 3]);
  }
}

function lines(context, { size, now, cursor, listed, pointed, colours }, x) {
  if (listed) {
    const left = Math.max(0, Math.min(size.width - 3, x(listed.from)));
    const wide = Math.max(6, Math.min(size.width, x(listed.to)) - left);
    context.fillStyle = colours.ink;
    if (x(listed.to) > 0 && x(listed.from) < size.width) bar(context, left, size.axis - 4, wide, 3, [2, 2, 2, 2]);
  }
  if (pointed) {
    const left = x(pointed.start_ms);
    const wide = Math.max(4, x(pointed.start_ms + 1000 * (pointed.duration_s ?? 0)) - left);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.5;
    context.strokeRect(left - 1, size.axis + size.persons + 1, wide + 2, size.height - size.axis - size.persons - 3);
  }
  context.fillStyle = colours.ink;
  const here = Math.round(x(now));
  if (here >= 0 && here <= size.width) {
    context.fillRect(here, size.axis, 1.5, size.height - size.axis);
    context.font = `600 ${0.6875 * size.rem}px ${FACE}`;
    context.textAlign = here > size.width - 3 * size.rem ? "right" : "left";
    const side = context.textAlign === "right" ? -5 : 5;
    context.fillText(words.now, here + side, size.axis + size.persons / 2);
  }
  if (cursor !== null) {
    context.globalAlpha = 0.6;
    context.fillRect(Math.round(x(cursor)), size.axis - 4, 1, size.height);
    context.globalAlpha = 1;
  }
}

function bar(context, left, top, wide, high, radius) {
  context.beginPath();
  if (context.roundRect && wide > 4) context.roundRect(left, top, wide, high, radius);
  else context.rect(left, top, wide, high);
  context.fill();
}
