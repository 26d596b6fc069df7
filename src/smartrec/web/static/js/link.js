/**
 * The page's one WebSocket: keeps trying, and tells what comes.
 *
 * It is closed and tried again when nothing at all came for a while: the recorder tells how each
 * camera does once a second, so silence means that somebody in between is gone.
 */

const HEADER = 32;
const FIRST_MS = 500;
const LONGEST_MS = 10_000;
const SILENCE_MS = 12_000;

/**
 * @typedef {Object} Header What stands before the bytes of a binary message.
 * @property {number} kind 0 JPEG, 1 init segment, 2 fragment.
 * @property {number} camera Index.
 * @property {boolean} keyframe
 * @property {number} epoch
 * @property {number} seq
 * @property {number} pts Nanoseconds; as exact as a double is, the same for a look and its picture.
 */

/**
 * @param {ArrayBuffer} message
 * @returns {?{header: Header, bytes: Uint8Array}} null where it is not of a version we know.
 */
export function readMessage(message) {
  if (message.byteLength < HEADER) return null;
  const view = new DataView(message);
  if (view.getUint8(0) !== 1) return null;
  const header = {
    kind: view.getUint8(1),
    camera: view.getUint8(2),
    keyframe: (view.getUint8(3) & 1) === 1,
    epoch: view.getUint32(4, true),
    seq: Number(view.getBigUint64(8, true)),
    pts: Number(view.getBigInt64(16, true)),
  };
  return { header, bytes: new Uint8Array(message, HEADER) };
}

export class Link {
  /**
   * @param {Object} told
   * @param {(message: Object) => void} told.message A text message, read.
   * @param {(header: Header, bytes: Uint8Array) => void} told.picture
   * @param {(state: "connecting"|"open"|"waiting", retryInS: number) => void} told.state
   */
  constructor(told) {
    this._told = told;
    this._watched = [];
    this._wait = FIRST_MS;
    this._socket = null;
    this._heard = 0;
    this._retryAt = 0;
    this._tick = 0;
    this._shut = true;
    addEventListener("online", () => this.retry());
    addEventListener("pagehide", () => this._socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.retry());
    setInterval(() => this._listen(), 2_000);
  }

  /** Connect; it never gives up. */
  open() {
    this._shut = false;
    clearTimeout(this._timer);
    clearInterval(this._tick);
    this._told.state("connecting", 0);
    const address = new URL("api/v1/live", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, "smartrec.live.v1");
    socket.binaryType = "arraybuffer";
    this._socket = socket;
    this._heard = performance.now();
    socket.onmessage = (event) => socket === this._socket && this._take(event.data);
    socket.onclose = () => socket === this._socket && this._lost();
  }

  /** Try at once, if it is not connected. */
  retry() {
    if (this._socket !== null || this._shut) return;
    this._wait = FIRST_MS;
    this.open();
  }

  /** Be silent until it is opened again. */
  shut() {
    const socket = this._socket;
    this._socket = null;
    this._greeted = false;
    this._shut = true;
    this._wait = FIRST_MS;
    clearTimeout(this._timer);
    clearInterval(this._tick);
    socket?.close();
    this._told.state("connecting", 0);
  }

  /** Whether it is connected or tries to be. */
  get busy() {
    return !this._shut;
  }

  /**
   * Which cameras' pictures shall come.
   * @param {string[]} cameras Ids; replaces the set.
   */
  watch(cameras) {
    if (cameras.join("\n") === this._watched.join("\n")) return;
    this._watched = cameras;
    this._send();
  }

  _send() {
    if (this._open) this._socket.send(JSON.stringify({ watch: this._watched }));
  }

  get _open() {
    return this._socket?.readyState === WebSocket.OPEN && this._greeted;
  }

  _take(data) {
    this._heard = performance.now();
    if (data instanceof ArrayBuffer) {
      const read = readMessage(data);
      if (read) this._told.picture(read.header, read.bytes);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "hello") {
      this._greeted = true;
      this._wait = FIRST_MS;
      this._told.state("open", 0);
    }
    this._told.message(message);
    if (message.type === "hello") this._send();
  }

  _listen() {
    if (this._socket !== null && performance.now() - this._heard > SILENCE_MS && !document.hidden) this._lost();
  }

  _lost() {
    this._socket.onclose = null;
    this._socket.close();
    this._socket = null;
    this._greeted = false;
    const wait = this._wait * (0.8 + 0.4 * Math.random()); // fifty pages shall not come back as one
    this._wait = Math.min(LONGEST_MS, this._wait * 2);
    this._retryAt = performance.now() + wait;
    this._timer = setTimeout(() => this.open(), wait);
    const left = () => this._told.state("waiting", Math.ceil((this._retryAt - performance.now()) / 1000));
    left();
    this._tick = setInterval(left, 1_000);
  }
}
