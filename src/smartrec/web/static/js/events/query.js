/** What the address says of the events view, and what is asked of the server for it. Pure. */

const LISTS = ["camera", "reason", "zone"];

/**
 * @typedef {Object} Filters
 * @property {string[]} camera Ids; empty for all. So the next two.
 * @property {string[]} reason
 * @property {string[]} zone
 * @property {number} score Least, 0 to 1.
 * @property {boolean} pinned Only these.
 * @property {string} text
 * @property {boolean} trash
 *
 * @typedef {Object} State
 * @property {Filters} filters
 * @property {?{from: number, to: number}} range Of the timeline, ms since 1970.
 * @property {?number} at The list begins there; null: with the newest.
 */

/**
 * @param {URLSearchParams} query
 * @returns {State}
 */
export function read(query) {
  const [from, to, at] = ["from", "to", "at"].map((name) => number(query.get(name)));
  const score = number(query.get("min_score")) ?? 0;
  const filters = {
    ...Object.fromEntries(LISTS.map((name) => [name, [...new Set(query.getAll(name))]])),
    score: Math.min(Math.max(score, 0), 1),
    pinned: query.get("pinned") === "true",
    text: query.get("text") ?? "",
    trash: query.get("trash") === "true",
  };
  return { filters, range: from !== null && to !== null && to - from >= 1000 ? { from, to } : null, at };
}

function number(text) {
  const value = text === null || text === "" ? NaN : Number(text);
  return Number.isFinite(value) && Math.abs(value) < 8e15 ? value : null;
}

/**
 * As the API takes them, and as they stand in addresses.
 * @param {Filters} filters
 * @returns {URLSearchParams}
 */
export function asked(filters) {
  const query = new URLSearchParams();
  for (const name of LISTS) for (const each of filters[name]) query.append(name, each);
  if (filters.score > 0) query.set("min_score", String(filters.score));
  if (filters.pinned) query.set("pinned", "true");
  if (filters.text) query.set("text", filters.text);
  if (filters.trash) query.set("trash", "true");
  return query;
}

/**
 * The address of this view.
 * @param {State} state
 * @returns {string}
 */
export function hash({ filters, range, at }) {
  const query = asked(filters);
  if (range) {
    query.set("from", String(Math.round(range.from)));
    query.set("to", String(Math.round(range.to)));
  }
  if (at !== null) query.set("at", String(Math.round(at)));
  const text = String(query);
  return text ? `#events?${text}` : "#events";
}

/** @param {Filters} filters @returns {number} How many kinds of filters are on. */
export const filtering = (filters) =>
  LISTS.filter((name) => filters[name].length).length + (filters.score > 0) + filters.pinned + (filters.text !== "");
