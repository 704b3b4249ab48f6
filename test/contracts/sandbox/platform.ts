import type { Clock } from '../../../src/lib/index.js';
import type { Sandbox } from '../../../src/sandbox/index.js';

/** A request of the platform's API. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** What the suite has to know of one platform. */
export interface SandboxUnderTest {
  /** Starts it empty. `host`: what to listen on. */
  start(options: { readonly clock: Clock; readonly host?: string; readonly token?: string }): Promise<Sandbox>;
  /** An object type with a field that holds any text, and one that is linked to it. */
  readonly object: string;
  readonly text: string;
  readonly linked: string;
  readonly linkedText: string;
  /** Values without which no record of `object` can be made. */
  readonly needs?: Readonly<Record<string, string>>;
  /** A key that no record has. */
  readonly missingKey: string;
  /** A field of `object` with an address, and one that says `optedOut` where no mail for many is wanted. */
  readonly address: string;
  readonly consent: { readonly field: string; readonly optedOut: string };
  /** A field of `object` that holds one of these options, where an account can change them. */
  readonly choice?: { readonly field: string; readonly options: readonly [string, string, ...string[]] };
  /** Calls of the API: one that only reads, one that sets the text field of a record. */
  readonly look: ApiCall;
  set(key: string, text: string): ApiCall;
  /** Reads the records of these keys at once. */
  readMany(keys: readonly string[]): ApiCall;
  /** How many records an answer to `readMany` holds. */
  held(body: unknown): number;
  /** Whether an answer to `set` says that it was done. */
  done(status: number, body: unknown): boolean;
  /**
   * How many `look` calls one after the other, with no time in between, are let in; and for how long it then takes
   * until one is.
   */
  readonly most: number;
  readonly againMs: number;
  /** How a request is refused that is over the limit: the status (429), and whether it says when to come again (yes). */
  readonly refusal?: { readonly status: number };
}

/** A clock that stands until it is moved, or until somebody waits. */
export function standing(): Clock & { move(ms: number): void } {
  let now = Date.parse('2026-11-22T12:00:00.000Z');
  const move = (ms: number): void => void (now += ms);
  return { now: () => new Date(now), monotonicMs: () => now, sleep: async (ms) => await Promise.resolve(move(ms)), move };
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  /** Parsed; `no JSON` where it is none. */
  readonly body: unknown;
  readonly retryAfter: string | null;
}

export async function ask(url: string, { method, path, body }: ApiCall, token: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = text === '' ? undefined : JSON.parse(text);
  } catch {
    parsed = 'no JSON';
  }
  return { status: response.status, body: parsed, retryAfter: response.headers.get('retry-after') };
}

export async function control({ url, token }: Sandbox, method: string, name: string, body?: unknown): Promise<Answer> {
  return await ask(url, { method, path: `/__sandbox/${name}`, body }, token);
}
