import { randomUUID } from 'node:crypto';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
  /** By lower-case name; what a client sent several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What goes back over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes where it is no text: an archive. */
  readonly body: string | Uint8Array;
  /** Wait before answering. */
  readonly delayMs: number;
  /** Cut the connection instead of answering, or in the middle of the body. */
  readonly cut: 'no' | 'before' | 'in-body';
}

/** What a listener learns of each request. */
export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly correlationId: string;
}

/** What was seen of a request, under an id of its own. */
export function seenOf({ method, target }: Pick<WireRequest, 'method' | 'target'>): RequestSeen {
  return { method, path: target.split('?')[0] ?? '/', correlationId: randomUUID() };
}

/** An answer that is no JSON: XML, CSV, an archive. */
export interface PlainText {
  /** As in `Content-Type`. */
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** An answer of any type. */
export function textAnswer(status: number, { type, content }: PlainText, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  return { status, headers: { 'Content-Type': type, ...headers }, body: content, delayMs: 0, cut: 'no' };
}

const JSON_HEADERS = { 'Content-Type': 'application/json;charset=utf-8' };

/** An answer in JSON; without a body it is empty. */
export function jsonAnswer(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  const text = body === undefined ? { body: '', headers } : { body: JSON.stringify(body), headers: { ...JSON_HEADERS, ...headers } };
  return { status, ...text, delayMs: 0, cut: 'no' };
}
