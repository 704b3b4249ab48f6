import { randomUUID } from 'node:crypto';

import { requireScopes, type App, type Apps } from './apps.js';
import type { RequestCounter } from './counts.js';
import { errorPage } from './error-page.js';
import { ApiFailure, locked, moving, tooManyRequests } from './failure.js';
import type { Fault, FaultSwitches } from './faults.js';
import type { Forms } from './forms.js';
import { leaveOut } from './partial.js';
import type { ApiAnswer, Route } from './routes/route.js';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What goes back over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
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

interface Parts {
  readonly routes: readonly Route[];
  readonly apps: Apps;
  readonly faults: FaultSwitches;
  readonly counter: RequestCounter;
  readonly forms: Forms;
  readonly longestTarget: number;
  /** Whether a single record that is not there is answered with a page on the older form of the path. */
  readonly notFoundPage: boolean;
}

/** One record, by the older form of the path. */
const CLASSIC_RECORD = /^\/crm\/v3\/objects\/[^/]+\/[^/]+\/?$/;

/** Answers one API request: address, token, faults, limits, scope, handler, in that order. Handlers run without a pause, so each is atomic. */
export function dispatch(parts: Parts, wire: WireRequest, seen: RequestSeen): WireAnswer {
  const url = new URL(`http://sandbox.invalid${wire.target.startsWith('/') ? wire.target : `/${wire.target}`}`);
  const correlationId = seen.correlationId;
  parts.counter.came(wire.method, url.pathname);
  const faults = parts.faults.strike(wire.method, url.pathname);
  const strikes = <K extends Fault['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined =>
    faults.find((each): each is Extract<Fault, { kind: K }> => each.kind === kind);
  const delayMs = strikes('delay')?.ms ?? 0;
  if (strikes('drop-request')) return { ...failure(new ApiFailure(500, ''), correlationId, {}), delayMs, cut: 'before' };

  let app: App | undefined;
  let route: Route | undefined;
  let answer: WireAnswer;
  // A page comes from what stands before the API: it has none of the API's headers.
  let fromGateway = false;
  try {
    if (wire.target.length > parts.longestTarget) throw new ApiFailure(414, 'URI Too Long');
    const page = strikes('html-error');
    if (page && page.applied !== true) throw gatewayPage(page.status);
    if (parts.forms.takes(wire.method, url.pathname)) {
      const taken = parts.forms.submit(url.pathname, parseBody(wire.body), correlationId);
      parts.counter.answered(taken.status);
      return { ...success(taken), delayMs, cut: 'no' };
    }
    app = parts.apps.authenticate(wire.authorization);
    if (strikes('expire-token')) {
      parts.apps.expire(app);
      app = parts.apps.authenticate(wire.authorization);
    }
    const removed = strikes('remove-scope');
    if (removed) app.scopes.delete(removed.scope);
    const matched = parts.routes.map((each) => ({ each, groups: each.pattern.exec(url.pathname) })).filter(({ groups }) => groups !== null);
    const found = matched.find(({ each }) => each.method === wire.method);
    route = found?.each;
    const limit = strikes('rate-limit');
    if (limit) throw tooManyRequests(limit.policy ?? 'TEN_SECONDLY_ROLLING', app.appId);
    app.limiter.admit(route?.search ?? false);
    if (strikes('locked')) throw locked();
    if (strikes('moving')) throw moving();
    const early = strikes('server-error');
    if (early && early.applied !== true) throw new ApiFailure(early.status ?? 500, 'internal error');
    if (!found) throw matched.length > 0 ? new ApiFailure(405, 'HTTP 405 Method Not Allowed') : new ApiFailure(404, 'No endpoint has this path');
    const params = (found.groups ?? []).slice(1).map(decode);
    requireScopes(app, found.each.scopes(params), () => found?.each.refusal?.(params));
    const half = strikes('half-batch');
    const body = parseBody(wire.body);
    const whole = found.each.handle({
      method: wire.method,
      path: url.pathname,
      query: url.searchParams,
      body: half ? firstHalf(body) : body,
      params,
      app,
      writer: { source: app.source, request: correlationId },
    });
    const partial = url.pathname.endsWith('/batch/read') ? strikes('partial') : undefined;
    const handled = partial ? leaveOut(whole, partial) : whole;
    if (page) throw gatewayPage(page.status);
    if (half && half.answer !== 'cut') throw new ApiFailure(500, 'internal error');
    if (early) throw new ApiFailure(early.status ?? 500, 'internal error');
    answer = { ...success(handled), delayMs, cut: half || strikes('drop-answer') ? 'before' : strikes('cut-body') ? 'in-body' : 'no' };
    if (strikes('nonsense'))
      answer = {
        ...answer,
        body: '<!doctype html><title>502</title>{"results":[{"id":',
        headers: { ...answer.headers, 'Content-Type': 'text/html' },
      };
  } catch (thrown) {
    if (!(thrown instanceof ApiFailure))
      return { ...failure(new ApiFailure(500, `The sandbox itself failed: ${String(thrown)}`), correlationId, {}), delayMs, cut: 'no' };
    const asPage = parts.notFoundPage && thrown.status === 404 && wire.method === 'GET' && CLASSIC_RECORD.test(url.pathname);
    const error = asPage ? gatewayPage(404) : thrown;
    fromGateway = error.form === 'html';
    const retryAfter =
      error.status === 429
        ? strikes('rate-limit')?.retryAfterSeconds
        : error.status === 477
          ? (strikes('moving')?.retryAfterSeconds ?? 3)
          : undefined;
    answer = {
      ...failure(error, correlationId, retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      delayMs,
      cut: strikes('drop-answer') ? 'before' : 'no',
    };
  }
  const limits = app ? app.limiter.headers(route?.search ?? false) : {};
  if (answer.cut !== 'before') parts.counter.answered(answer.status);
  if (fromGateway) return answer;
  return { ...answer, headers: { ...limits, 'X-HubSpot-Correlation-Id': correlationId, ...answer.headers } };
}

/** A correlation id as HubSpot gives one to every request. */
export const newCorrelationId = (): string => randomUUID();

function success(answer: ApiAnswer): Omit<WireAnswer, 'delayMs' | 'cut'> {
  if (answer.body === undefined) return { status: answer.status, headers: {}, body: '' };
  return { status: answer.status, headers: { 'Content-Type': 'application/json;charset=utf-8' }, body: JSON.stringify(answer.body) };
}

const gatewayPage = (status = 502): ApiFailure => new ApiFailure(status, errorPage(status), {}, 'html');

function failure(error: ApiFailure, correlationId: string, headers: Readonly<Record<string, string>>): Omit<WireAnswer, 'delayMs' | 'cut'> {
  if (error.form !== 'json')
    return {
      status: error.status,
      headers: { 'Content-Type': error.form === 'html' ? 'text/html;charset=utf-8' : 'text/plain; charset=UTF-8', ...headers },
      body: error.message,
    };
  return {
    status: error.status,
    headers: { 'Content-Type': 'application/json;charset=utf-8', ...headers },
    body: JSON.stringify({ status: 'error', message: error.message, correlationId, ...error.body }),
  };
}

/** A part of a path as it was meant; throws HubSpot's 400 for broken escapes. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ApiFailure(400, `Invalid path: ${part}`, { category: 'VALIDATION_ERROR' });
  }
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiFailure(400, `Invalid input JSON: ${error instanceof Error ? error.message : 'not JSON'}`, { category: 'VALIDATION_ERROR' });
  }
}

/** The same batch body with only the first half of its inputs, rounded down. */
function firstHalf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('inputs' in body) || !Array.isArray(body.inputs)) return body;
  return { ...body, inputs: body.inputs.slice(0, Math.floor(body.inputs.length / 2)) };
}
