/**
 * What was changed and is not saved yet, over what the recorder has. No DOM.
 *
 * Cameras are known by their ids, so that changes stay where they belong when the file is changed by somebody else
 * meanwhile, or when a camera before them is taken out.
 */

const CAMERA = /^camera\[(\d+)\](?:\.(.*))?$/;
const FREE = /^cam(\d+)$/;
const IN_FILE = /:\d+$/;
/** Said of what the recorder found by itself: what the file says goes before it. */
const FOUND = "found at the start";

/**
 * @typedef {import("./form.js").Field} Field
 * @typedef {{field: Field, camera: ?CameraDraft}} Place
 */

/** One camera: of the recorder's, or a new one. */
export class CameraDraft {
  /**
   * @param {string} id
   * @param {?number} index Of the recorder's; null: a new one.
   */
  constructor(id, index) {
    Object.assign(this, { id, index, removed: false });
    /** @type {Map<Field, *>} undefined: taken out of the file. */
    this.edits = new Map();
  }

  /** Whether the recorder does not have it yet. */
  get added() {
    return this.index === null;
  }
}

export class Draft {
  /** @param {import("./form.js").Form} form */
  constructor(form) {
    this.form = form;
    /** @type {CameraDraft[]} As they are shown: those that are removed stand where they stood. */
    this.cameras = [];
    /** @type {string[]} Ids of cameras that there were; a new one is none of them. */
    this.taken = [];
    this._edits = new Map();
    this._served = { values: {}, origins: {}, cameras: [] };
  }

  /**
   * What the recorder has now; changes that it has by now are none any more.
   * @param {{values: Object, origins: Object, cameras: string[]}} served
   */
  serve(served) {
    this._served = served;
    const known = new Map(this.cameras.map((camera) => [camera.id, camera]));
    const had = served.cameras.map((id, index) => Object.assign(known.get(id) ?? new CameraDraft(id, index), { index }));
    this.cameras = [...had, ...this.cameras.filter((camera) => camera.added && !served.cameras.includes(camera.id))];
    this._settle(this._edits, null);
    for (const camera of this.cameras) this._settle(camera.edits, camera);
  }

  _settle(edits, camera) {
    for (const [field, value] of edits) this.set({ field, camera }, value);
  }

  /** @param {Place} place @returns {string} As the recorder calls it now; a new camera has none. */
  keyOf({ field, camera }) {
    return camera ? `camera[${camera.index}].${field.within}` : field.key;
  }

  /**
   * @param {string} key Of an answer: cameras are counted as they will be.
   * @returns {{place: ?Place, camera: ?CameraDraft}} As near as it is known.
   */
  find(key) {
    const [, index, within] = CAMERA.exec(key) ?? [];
    if (index === undefined) return { place: this._nearest(key, null), camera: null };
    const camera = this.cameras.filter((each) => !each.removed)[Number(index)] ?? null;
    return { place: camera && within ? this._nearest(`camera.${within}`, camera) : null, camera };
  }

  /** The setting itself, or the one that it is a part of. */
  _nearest(key, camera) {
    for (let at = key; at; at = at.replace(/(\.|\[)[^.[]*$/, "")) {
      const field = this.form.field(at);
      if (field) return { field, camera };
      if (!/[.[]/.test(at)) break;
    }
    return null;
  }

  /** @param {Place} place What the recorder has. */
  saved(place) {
    if (place.camera?.added) return this._usual(place);
    const key = this.keyOf(place);
    const { values } = this._served;
    if (place.field.kind === "table") return this._table(key);
    return key in values ? values[key] : this._usual(place);
  }

  _table(key) {
    const below = Object.entries(this._served.values).filter(([name]) => name.startsWith(`${key}.`));
    return Object.fromEntries(below.map(([name, value]) => [name.slice(key.length + 1), value]));
  }

  _usual({ field, camera }) {
    if (field.kind === "table") return {};
    return field.key === "camera.id" && camera?.added ? camera.id : field.default;
  }

  /** @param {Place} place What there is to be. */
  value(place) {
    const edits = this._of(place);
    if (!edits.has(place.field)) return this.saved(place);
    const value = edits.get(place.field);
    return value === undefined ? this._usual(place) : value;
  }

  /** @param {Place} place */
  changed(place) {
    return this._of(place).has(place.field);
  }

  /** @param {Place} place @returns {string} Who says what the recorder has. */
  origin(place) {
    if (place.camera?.added) return "default";
    const key = this.keyOf(place);
    const { origins } = this._served;
    return origins[key] ?? Object.entries(origins).find(([name]) => name.startsWith(`${key}.`) || name.startsWith(`${key}[`))?.[1] ?? "default";
  }

  /** @param {Place} place @returns {boolean} Whether the settings file says it. */
  inFile(place) {
    return IN_FILE.test(this.origin(place));
  }

  /** @param {Place} place @returns {boolean} Whether somebody says it who goes before the file. */
  overridden(place) {
    const origin = this.origin(place);
    return origin !== "default" && origin !== FOUND && !IN_FILE.test(origin);
  }

  /**
   * @param {Place} place
   * @param {*} value undefined takes it out of the file, so that the default holds.
   */
  set(place, value) {
    const edits = this._of(place);
    const same = value === undefined ? !this._said(place) : alike(value, this.saved(place));
    if (same) edits.delete(place.field);
    else edits.set(place.field, value);
  }

  /** Whether there is anything to be taken out. */
  _said(place) {
    return !place.camera?.added && this.origin(place) !== "default";
  }

  /** @param {Place} place Leave it as the recorder has it. */
  undo(place) {
    this._of(place).delete(place.field);
  }

  /** @param {CameraDraft} camera @returns {{name: string, kind: string}[]} Its zones, as the recorder has them. */
  zones({ index, added }) {
    const { values } = this._served;
    const zones = [];
    for (let at = ""; !added && `${(at = `camera[${index}].zone[${zones.length}]`)}.name` in values; ) {
      zones.push({ name: values[`${at}.name`], kind: values[`${at}.kind`] });
    }
    return zones;
  }

  /** @returns {CameraDraft} A new one, behind the others. */
  add() {
    const camera = new CameraDraft(this._freeId(), null);
    this.cameras.push(camera);
    const taken = this.cameras.some((each) => each !== camera && !each.removed && this._source(each) === "usb");
    if (taken) camera.edits.set(this.form.field("camera.source"), "usb:");
    return camera;
  }

  _source(camera) {
    return this.value({ field: this.form.field("camera.source"), camera });
  }

  _freeId() {
    const taken = [...this.cameras.map(({ id }) => id), ...this.taken].map((id) => Number(FREE.exec(id)?.[1] ?? -1));
    return `cam${Math.max(-1, ...taken) + 1}`;
  }

  /** @param {CameraDraft} camera @returns {boolean} Whether it is there because the file says so, or not yet. */
  removable(camera) {
    const places = this.form.camera.map((field) => ({ field, camera }));
    return camera.added || (places.some((place) => this.inFile(place)) && !places.some((place) => this.overridden(place)));
  }

  /** @param {CameraDraft} camera Take it out; a new one is gone at once. */
  remove(camera) {
    if (camera.added) this.cameras.splice(this.cameras.indexOf(camera), 1);
    else camera.removed = true;
  }

  /** @param {CameraDraft} camera It stays after all. */
  keep(camera) {
    camera.removed = false;
  }

  /** Nothing is changed. */
  discard() {
    this._edits.clear();
    this.cameras = this.cameras.filter((camera) => !camera.added);
    for (const camera of this.cameras) {
      camera.edits.clear();
      camera.removed = false;
    }
  }

  /** @returns {() => void} To be called when what `changes` says now is saved; what was changed meanwhile stays. */
  asked() {
    const all = [this._edits, ...this.cameras.map(({ edits }) => edits)].map((edits) => [edits, new Map(edits)]);
    const id = this.form.field("camera.id");
    return () => {
      for (const camera of this.cameras) camera.id = camera.edits.get(id) ?? camera.id;
      for (const [edits, then] of all) for (const [field, value] of then) if (edits.get(field) === value) edits.delete(field);
    };
  }

  /** How many things are changed. */
  get count() {
    const of = (camera) => (camera.added || camera.removed ? 1 : camera.edits.size);
    return this.cameras.reduce((sum, camera) => sum + of(camera), this._edits.size);
  }

  /** @returns {{key: string, value?: *, unset?: true}[]} To be made in this order: cameras are counted as those before leave them. */
  changes() {
    const stay = this.cameras.filter((camera) => !camera.added && !camera.removed).sort((a, b) => a.index - b.index);
    const gone = this.cameras.filter((camera) => camera.removed).sort((a, b) => b.index - a.index);
    const added = this.cameras.filter((camera) => camera.added);
    return [
      ...[...this._edits].flatMap(([field, value]) => this._asked(field.key, { field, camera: null }, value)),
      ...gone.map(({ index }) => ({ key: `camera[${index}]`, unset: true })),
      ...stay.flatMap((camera, n) => [...camera.edits].flatMap(([field, value]) => this._asked(`camera[${n}].${field.within}`, { field, camera }, value))),
      ...added.map((camera, n) => ({ key: `camera[${stay.length + n}]`, value: this._whole(camera) })),
    ];
  }

  _asked(key, place, value) {
    if (place.field.kind === "table") return parts(key, this.saved(place), value ?? {});
    return [value === undefined ? { key, unset: true } : { key, value }];
  }

  _whole(camera) {
    const whole = { id: camera.id };
    for (const [field, value] of camera.edits) {
      if (value === undefined) continue;
      const path = field.within.split(".");
      const last = path.pop();
      const table = path.reduce((above, part) => (above[part] ??= {}), whole);
      table[last] = value;
    }
    whole.source ??= this._source(camera);
    return whole;
  }

  _of({ camera }) {
    return camera ? camera.edits : this._edits;
  }
}

/** Of a table of free keys each is set and taken out by itself, so that comments stay. */
function parts(key, before, after) {
  const gone = Object.keys(before).filter((name) => !(name in after));
  const set = Object.entries(after).filter(([name, value]) => !alike(before[name], value));
  return [...gone.map((name) => ({ key: `${key}.${name}`, unset: true })), ...set.map(([name, value]) => ({ key: `${key}.${name}`, value }))];
}

const alike = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
