/** What can be set, as the recorder's schema says it: fields of the recorder, and of each camera. No DOM. */

/**
 * @typedef {Object} Field One setting, wherever it stands.
 * @property {string} key Such as "recording.pre_roll"; of a camera "camera.controls.focus".
 * @property {string} within Key without "camera." where it is a camera's, else the same.
 * @property {boolean} ofCamera
 * @property {string} kind
 * @property {(string|number)[]} [choices]
 * @property {?number} [minimum]
 * @property {?number} [maximum]
 * @property {string} [allowed] In words.
 * @property {*} default As it is written; null where there is none.
 * @property {*} [example]
 * @property {string} help
 * @property {string} change What a change touches.
 * @property {boolean} [file_only]
 * @property {boolean} [optional] It may be left out, and then there is none.
 * @property {boolean} [secret] It may hold a password, which is not shown.
 * @property {boolean} [text_file_only] True or false here; a text is changed in the file.
 *
 * @typedef {{key: string, help: string, fields: Field[]}} Table
 */

const ANY = "*";

export class Form {
  /** @param {Object[]} tables Of the recorder. */
  constructor(tables) {
    const wanted = tables.filter(({ path }) => path.filter((part) => part === ANY).length < 2); // zones are drawn
    /** @type {Table[]} */
    this.tables = wanted.filter(({ path }) => !path.includes(ANY)).map((table) => tableOf(table, table.path, false));
    const parts = wanted.filter(({ path }) => path.includes(ANY)).map((table) => tableOf(table, table.path.filter((part) => part !== ANY), true));
    /** @type {Field[]} */
    this.camera = parts.flatMap(({ fields }) => fields);
    this._byKey = new Map([...this.tables.flatMap(({ fields }) => fields), ...this.camera].map((field) => [field.key, field]));
  }

  /** @param {string} key @returns {Field|undefined} */
  field(key) {
    return this._byKey.get(key);
  }
}

function tableOf({ help, settings }, path, ofCamera) {
  const above = path.join(".");
  const fields = settings.map((setting) => {
    const key = `${above}.${setting.key}`;
    return { ...setting, default: setting.default ?? null, key, within: ofCamera ? key.slice("camera.".length) : key, ofCamera };
  });
  return { key: above, help, fields };
}
