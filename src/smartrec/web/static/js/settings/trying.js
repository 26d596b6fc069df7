/** What of the changes can be tried on what was recorded: that which decides who begins a clip. No DOM. */

import { say } from "./strings.js";

const DECIDES = /^(detector|trigger)\.|^camera\.detect$/;
const LIVE_ONLY = "detector.engine"; // what was recorded is always looked at by the portable one

const decides = ({ field }) => DECIDES.test(field.key) && field.key !== LIVE_ONLY;
const alike = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** @param {import("./draft.js").Draft} draft */
function changedIn(draft) {
  const { form, cameras } = draft;
  const general = form.tables.flatMap(({ fields }) => fields).map((field) => ({ field, camera: null }));
  const stay = cameras.filter((camera) => !camera.added && !camera.removed);
  const own = stay.flatMap((camera) => form.camera.map((field) => ({ field, camera })));
  return [...general, ...own].filter((place) => draft.changed(place));
}

/** @param {import("./draft.js").Draft} draft @returns {boolean} Whether there is anything to be tried. */
export const triable = (draft) => changedIn(draft).some(decides);

/**
 * @param {import("./desk.js").Desk} desk
 * @param {(camera: import("./draft.js").CameraDraft) => string} nameOf
 * @returns {import("../replay/plan.js").Plan}
 */
export function planOf({ draft, served }, nameOf) {
  const called = ({ field, camera }) => (camera && draft.cameras.length > 1 ? `${nameOf(camera)}: ${say.label(field.key)}` : say.label(field.key));
  const places = changedIn(draft);
  const others = places.filter((place) => !decides(place)).map(called);
  const cameras = draft.cameras.filter((camera) => camera.added || camera.removed).map(nameOf);
  return {
    from: "settings",
    camera: null,
    tried: places.filter(decides).map((place) => ({ change: changeOf(draft, place), name: called(place), before: said(draft.saved(place), place), after: said(draft.value(place), place) })),
    left: [...others, ...cameras],
    asked: { digest: served.digest, changes: draft.changes() },
  };
}

const said = (value, { field }) => say.value(field, value);

/** Cameras are counted as the recorder has them now: of those that come and go nothing is asked. */
function changeOf(draft, place) {
  const [key, value] = [draft.keyOf(place), draft.value(place)];
  return alike(value, place.field.default) ? { key, unset: true } : { key, value };
}
