/** What shall be tried, carried from the view where it was changed; and what waits there to be taken up again. */

/**
 * @typedef {Object} Tried One setting that is otherwise.
 * @property {{key: string, value?: *, unset?: true}} change As the recorder is asked.
 * @property {string} name
 * @property {string} before As people write it.
 * @property {string} after
 *
 * @typedef {Object} Plan
 * @property {string} from Address of the view that it comes from, behind "#".
 * @property {?string} camera Id, if only one is concerned.
 * @property {Tried[]} tried
 * @property {string[]} left Names of what else is changed, and has no say in who begins a clip.
 * @property {{digest: string, changes: Object[]}} asked To be saved: all that is changed.
 * @property {boolean} [saved] Whether it is by now.
 */

/** @type {?Plan} */
let plan = null;
const kept = new Map();

/**
 * @param {Plan} given
 * @param {*} draft What the view needs to go on.
 */
export function carry(given, draft) {
  const same = plan && !plan.saved && JSON.stringify(given) === JSON.stringify(plan);
  if (!same) plan = given; // what came of the same is still known
  kept.set(given.from, draft);
}

/** @returns {?Plan} The newest. */
export const carried = () => plan;

/** @param {string} from @returns {*} What that view left, once. */
export function takeUp(from) {
  const draft = kept.get(from) ?? null;
  kept.delete(from);
  return draft;
}
