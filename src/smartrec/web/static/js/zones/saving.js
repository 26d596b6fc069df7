/** A camera's zones in the recorder's settings: read, and written back. */

const ZONE = /^camera\[(\d+)\]\.zone\[(\d+)\]\.(name|kind|anchor|polygon)$/;
const MISTAKE = /^camera\[(\d+)\]\.zone\[(\d+)\]/;
const CONFLICT = 409;

/**
 * @typedef {import("./drawing.js").Zone} Zone
 *
 * @typedef {Object} Saved What came of it.
 * @property {"saved"|"kept"|"changed"|"refused"} as "kept": it is in the file, and not in force; "changed":
 * somebody else changed these zones meanwhile.
 * @property {string} [text] For people.
 * @property {Map<number, string>} [mistakes] By zone.
 */

export class Saving {
  /**
   * @param {import("../api.js")} api
   * @param {string} camera Id.
   */
  constructor(api, camera) {
    this._api = api;
    this._camera = camera;
    this._digest = null;
    this._number = -1;
    /** @type {?string} Why nothing can be saved. */
    this.closed = null;
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<?Zone[]>} As they are in the settings; null: the camera is not in them.
   */
  async read(signal) {
    const found = await this._api.get("settings", undefined, signal);
    this._digest = found.digest;
    this._number = found.cameras.indexOf(this._camera);
    this.closed = found.writable ? null : found.why_not;
    return this._number < 0 ? null : this._zonesIn(found.values);
  }

  _zonesIn(values) {
    const zones = [];
    for (const [key, value] of Object.entries(values)) {
      const [, camera, zone, name] = ZONE.exec(key) ?? [];
      if (Number(camera) === this._number && camera !== undefined) zones[Number(zone)] = { ...zones[Number(zone)], [name]: value };
    }
    return zones.map(({ name, kind, anchor, polygon }) => ({ name, kind, anchor, polygon }));
  }

  /**
   * @param {Zone[]} zones
   * @param {Zone[]} before What they were drawn from.
   * @param {boolean} over Whatever somebody else did.
   * @returns {Promise<Saved>} Fails where there is no answer.
   */
  async write(zones, before, over) {
    try {
      return await this._send(zones);
    } catch (error) {
      if (error.status !== CONFLICT) return this._refused(error);
    }
    const theirs = await this.read();
    if (theirs === null) return { as: "changed" };
    if (JSON.stringify(theirs) === JSON.stringify(zones)) return { as: "saved" }; // by us: the answer was lost
    if (!over && JSON.stringify(theirs) !== JSON.stringify(before)) return { as: "changed" };
    try {
      return await this._send(zones);
    } catch (error) {
      return error.status === CONFLICT ? { as: "changed" } : this._refused(error);
    }
  }

  /** @param {Zone[]} zones @returns {{digest: string, changes: Object[]}} To be asked of the recorder. */
  asked(zones) {
    const key = `camera[${this._number}].zone`;
    return { digest: this._digest, changes: [zones.length ? { key, value: zones } : { key, unset: true }] };
  }

  async _send(zones) {
    const answer = await this._api.send("PATCH", "settings", this.asked(zones));
    this._digest = answer.digest;
    return answer.problem ? { as: "kept", text: answer.problem.message, hint: answer.problem.hint ?? "" } : { as: "saved" };
  }

  _refused(error) {
    if (!error.status) throw error;
    const mistakes = new Map();
    const told = error.body.mistakes ?? [];
    for (const { key, message } of told) {
      const [, camera, zone] = MISTAKE.exec(key ?? "") ?? [];
      if (Number(camera) === this._number) mistakes.set(Number(zone), message);
    }
    const [first] = told;
    return { as: "refused", text: first?.message ?? error.message, hint: first ? "" : error.hint ?? "", mistakes };
  }
}
