import type { PlainText } from './wire.js';

/** A request as a handler sees it: parsed, authenticated, within limits. */
export interface ApiRequest<C> {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or what the vendor reads instead; undefined without a body. */
  readonly body: unknown;
  /** The groups of the route's pattern, decoded. */
  readonly params: readonly string[];
  /** Who calls, as the vendor knows them. */
  readonly caller: C;
  /** An id of this request. */
  readonly id: string;
}

/** A handler's answer; without a body it is empty. */
export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  /** Instead of `body`: an answer that is no JSON. */
  readonly text?: PlainText;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One endpoint. */
export interface Route<C> {
  readonly method: string;
  /** Matched against the whole path, query left out. */
  readonly pattern: RegExp;
  readonly handle: (request: ApiRequest<C>) => ApiAnswer;
}
