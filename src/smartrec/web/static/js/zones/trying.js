/** What is drawn, to be tried on what was recorded. No DOM. */

import { say, words } from "./strings.js";

/**
 * @param {import("../cameras.js").Camera} camera
 * @param {import("./saving.js").Saving} saving
 * @param {import("./drawing.js").Drawing} drawing
 * @returns {import("../replay/plan.js").Plan}
 */
export function planOf({ id, name }, saving, { saved, zones }) {
  const asked = saving.asked(zones);
  const [change] = asked.changes;
  const tried = [{ change, name: say.title(name), before: told(saved), after: drawn(saved, zones) }];
  return { from: `zones/${encodeURIComponent(id)}`, camera: id, tried, left: [], asked };
}

const told = (zones) => (zones.length ? zones.map(named).join(", ") : words.everywhere);
const named = ({ name, kind }) => (kind === "exclude" ? `${name} (not)` : name);

/** Where they are called the same, they are drawn otherwise. */
const drawn = (saved, zones) => (told(saved) === told(zones) ? words.otherwise : told(zones));
