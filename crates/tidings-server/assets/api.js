// The public API, and nothing else: whatever this page shows, anyone with a key can fetch.

const KEY = "tidings.key";

export const savedKey = () => sessionStorage.getItem(KEY);
export const saveKey = (key) => sessionStorage.setItem(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/** An answer that is a problem (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.errors?.map((fault) => `${fault.pointer} ${fault.detail}`).join("; ") || body?.detail || `status ${status}`);
    this.status = status;
    this.code = body?.code;
  }
}

/** Fetches `path` with the saved key. */
export async function get(path, signal) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${savedKey()}` }, signal });
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

/**
 * Calls `onEvent` for each event of the stream until `signal` aborts. The browser's own EventSource
 * cannot send a key, so the lines are read here. Ends when the server ends it.
 */
export async function follow(path, onEvent, signal) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${savedKey()}` }, signal });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => null));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const pieces = (rest + value).split("\n\n");
    rest = pieces.pop();
    if (pieces.some((piece) => piece.includes("data: "))) onEvent();
  }
}
