/** What the page asks of the server beside its WebSocket. */

const PATIENCE_MS = 6_000;
const TRIES = 2;

/** A refusal in the server's words; `message` and `hint` are for people. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {?string} hint
   * @param {number} status Of HTTP.
   * @param {number} [retry] Seconds until it is worth another try.
   * @param {Object} [body] All that was answered.
   */
  constructor(message, hint, status, retry = 0, body = {}) {
    super(message);
    Object.assign(this, { hint, status, retry, body });
  }
}

/**
 * A UUIDv4. `crypto.randomUUID` is not there on a plain-HTTP address of the local network.
 * @returns {string}
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * @param {string} path Below `api/v1/`, such as "clips/ID/thumbnail".
 * @returns {URL} For an `src` or a download.
 */
export const at = (path) => new URL(`api/v1/${path}`, document.baseURI);

/**
 * @param {{id: string, thumbnail: boolean, kind: ?string}} clip
 * @returns {?string} Path of the picture that stands for it; of one without a thumbnail that is made of JPEGs, the first.
 */
export function pictureOf(clip) {
  const path = `clips/${encodeURIComponent(clip.id)}`;
  if (clip.thumbnail) return `${path}/thumbnail`;
  return clip.kind === "frames" ? `${path}/frames/0` : null;
}

let knock = null;

/** @param {() => Promise<void>} act Called where somebody must log in; what it promises is that somebody did. */
export const whenShut = (act) => {
  knock = act;
};

async function ask(path, options = {}) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await once(path, options);
    } catch (error) {
      if (error.status !== 401 || !knock || !left || path === "session") throw error;
      const entered = knock();
      if (options.method) throw error; // nothing is changed later, in the name of whoever logs in then
      await entered;
    }
  }
}

async function once(path, options) {
  const { signal, wait = PATIENCE_MS, ...rest } = options;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new DOMException("no answer", "TimeoutError")), wait);
  const given = () => patience.abort(signal.reason);
  if (signal?.aborted) given();
  signal?.addEventListener("abort", given);
  try {
    const reply = await fetch(at(path), { ...rest, signal: patience.signal });
    const body = reply.status === 204 ? null : await reply.json();
    if (reply.ok) return body;
    const retry = Number(reply.headers.get("Retry-After")) || 0;
    throw new Refused(body.error?.message ?? reply.statusText, body.error?.hint ?? null, reply.status, retry, body);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", given);
  }
}

/**
 * Ask for something.
 * @param {string} path
 * @param {URLSearchParams} [query]
 * @param {AbortSignal} [signal] Gives it up: an AbortError is thrown.
 * @returns {Promise<Object>}
 */
export const get = (path, query, signal) => ask(String(query ?? "") ? `${path}?${query}` : path, { signal });

/**
 * Change something; null where there is nothing to answer.
 * @param {"POST"|"PATCH"|"DELETE"} method
 * @param {string} path
 * @param {Object} [body]
 * @param {AbortSignal} [signal] Gives it up: an AbortError is thrown.
 * @param {number} [wait] Milliseconds.
 * @returns {Promise<?Object>}
 */
export const send = (method, path, body, signal, wait) =>
  ask(path, body === undefined ? { method, signal, wait } : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal, wait });

/** @returns {Promise<Object>} How the recorder stands, as its control socket says. */
export const status = () => ask("status");

/**
 * Start or stop recording, arm or disarm. A command that got no answer is sent once more with the same id: the
 * recorder obeys an id once.
 * @param {"start"|"stop"|"arm"|"disarm"} action
 * @param {?string} camera Id; null for all.
 * @returns {Promise<Object[]>} An answer for each camera.
 */
export async function command(action, camera) {
  const body = JSON.stringify({ id: newId(), camera, action });
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  for (let left = TRIES; ; ) {
    try {
      return (await ask("commands", options)).answers;
    } catch (error) {
      left -= 1;
      if (error instanceof Refused || !left) throw error;
    }
  }
}
