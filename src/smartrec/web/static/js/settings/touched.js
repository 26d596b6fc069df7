/** What saving would touch in the running recorder. No DOM. */

const WATCH = "rebuilds the watch";
const CAPTURE = "restarts the capture";
const LATER = "needs a new start of smartrec";
const LOOKS = "detector.enabled";
const WHOLE_CAMERA = /^camera\[\d+\]$/;

/**
 * @param {import("./desk.js").Desk} desk
 * @param {(camera: import("./draft.js").CameraDraft) => string} nameOf
 * @returns {Object} As `touching` tells it.
 */
export function changesOf({ draft, effects }, nameOf) {
  const { cameras } = draft;
  const by = (change) => effects.filter((effect) => effect.change === change && !WHOLE_CAMERA.test(effect.key));
  const captured = by(CAPTURE).map(({ key }) => draft.find(key).camera);
  const stays = cameras.filter((camera) => !camera.added && !camera.removed);
  const added = cameras.filter((camera) => camera.added);
  const removed = cameras.filter((camera) => camera.removed);
  const others = added.length + removed.length > 0 && draft.value({ field: draft.form.field(LOOKS), camera: null });
  return {
    any: effects.length,
    added: added.map(nameOf),
    removed: removed.map(nameOf),
    restarted: stays.filter((camera) => captured.includes(camera)).map(nameOf),
    watch: by(WATCH).length > 0 || Boolean(others), // it is made for the cameras that there are
    later: by(LATER).length,
  };
}
