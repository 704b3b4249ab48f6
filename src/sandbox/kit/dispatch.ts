import type { RequestCounter } from './counts.js';
import { Failure } from './failure.js';
import type { CommonEffect, FaultSwitches, Strikes, When } from './faults.js';
import type { LateRequests } from './late.js';
import type { ApiAnswer, ApiRequest, Route } from './route.js';
import { jsonAnswer, type RequestSeen, textAnswer, type WireAnswer, type WireRequest } from './wire.js';

/** A common fault or one of the vendor. */
type AnyFault = { readonly kind: string } & When;

/**
 * What the API of one vendor does its own way. The kit keeps the order: what stands before the API, then token, limits,
 * faults, scope, handler. `C`: whoever calls, as the vendor knows them; `R`: its endpoints; `F`: its faults, the common
 * ones among them. What refuses throws a {@link Failure}.
 */
export interface Api<C, R extends Route<C>, F extends AnyFault> {
  readonly routes: readonly R[];
  /** What stands before the API: addresses that are too long, pages of gateways. */
  before?(wire: WireRequest, strikes: Strikes<F>): void;
  /** Endpoints that want no token; undefined where the request is for none of them. */
  open?(method: string, path: string, body: () => unknown, seen: RequestSeen, wire: WireRequest, strikes: Strikes<F>): ApiAnswer | undefined;
  /** Who calls, by the `Authorization` header, or by what the vendor looks at instead. */
  authenticate(header: string | undefined, strikes: Strikes<F>, wire: WireRequest): C;
  /** Lets one more request of a caller in. */
  admit(caller: C, route: R | undefined): void;
  /** Whether the caller may do this. */
  permit?(caller: C, route: R, params: readonly string[]): void;
  /** Faults of the vendor that refuse a request before it is handled. */
  refuse?(strikes: Strikes<F>): void;
  /** Reads a body that is no JSON; undefined where it is to be. */
  parse?(wire: WireRequest): unknown;
  /** The body as the handler gets it. */
  bodyOf?(body: unknown, strikes: Strikes<F>): unknown;
  /** The offset of a page that is asked for; undefined where the request turns no pages, or none by offset. */
  offsetOf?(request: ApiRequest<C>): number | undefined;
  /** The same request for a page that begins elsewhere. */
  offsetTo?(request: ApiRequest<C>, offset: number): ApiRequest<C>;
  /** What a handled request is answered with. */
  after?(answer: ApiAnswer, path: string, strikes: Strikes<F>): ApiAnswer;
  /** Faults of the vendor that cut the connection after the request was handled. */
  cuts?(strikes: Strikes<F>): boolean;
  readonly refusals: Refusals<C, R>;
  /** A failure as HTTP. */
  render(
    error: Failure,
    context: { readonly wire: WireRequest; readonly path: string; readonly seen: RequestSeen; readonly strikes: Strikes<F> },
  ): Pick<WireAnswer, 'status' | 'headers' | 'body'>;
  /** Headers of every answer of the API itself. */
  headers?(caller: C | undefined, route: R | undefined, seen: RequestSeen): Readonly<Record<string, string>>;
}

/** The vendor's words for what the kit finds out. */
export interface Refusals<C, R extends Route<C>> {
  noEndpoint(method: string, path: string): Failure;
  noMethod(method: string, path: string): Failure;
  notJson(why: string): Failure;
  badPath(part: string): Failure;
  /** What a fault says, not a limit. */
  tooFast(fault: CommonEffect & { readonly kind: 'rate-limit' }, caller: C): Failure;
  trouble(status: number): Failure;
  /** The credentials are no good. */
  unauthorized(): Failure;
  /** The permission to write is missing; undefined for a request that needs none. */
  forbidden(route: R, params: readonly string[]): Failure | undefined;
}

/** Answers one API request. Handlers run without a pause, so each is atomic. */
export function dispatch<C, R extends Route<C>, F extends AnyFault>(
  api: Api<C, R, F>,
  { faults, counter, late }: { readonly faults: FaultSwitches<F>; readonly counter: RequestCounter; readonly late: LateRequests },
  wire: WireRequest,
  seen: RequestSeen,
): WireAnswer {
  const url = new URL(`http://sandbox.invalid${wire.target.startsWith('/') ? wire.target : `/${wire.target}`}`);
  const path = url.pathname;
  counter.came(wire.method, path);
  const strikes = faults.strike(wire.method, path);
  // The common faults are among those of every vendor.
  const common = strikes as unknown as Strikes<CommonEffect & When>;
  const delayMs = common('delay')?.ms ?? 0;
  if (common('drop-request')) return { status: 0, headers: {}, body: '', delayMs, cut: 'before' };
  const context: Context<C, R> = {};
  let answer: WireAnswer;
  try {
    answer = { ...handled(api, { wire, url, seen, strikes, common, context, late }), delayMs };
  } catch (thrown) {
    const error = thrown instanceof Failure ? thrown : api.refusals.trouble(500);
    if (!(thrown instanceof Failure)) return { ...jsonAnswer(500, { message: `The sandbox itself failed: ${String(thrown)}` }), delayMs };
    const rendered = api.render(error, { wire, path, seen, strikes });
    answer = { ...rendered, delayMs, cut: common('drop-answer') ? 'before' : 'no' };
    // A page comes from what stands before the API: it has none of the API's headers.
    if (isPage(rendered)) context.page = true;
  }
  if (answer.cut !== 'before') counter.answered(answer.status);
  if (context.page === true) return answer;
  return { ...answer, headers: { ...api.headers?.(context.caller, context.route, seen), ...answer.headers } };
}

interface Context<C, R> {
  caller?: C;
  route?: R;
  page?: boolean;
}

function handled<C, R extends Route<C>, F extends AnyFault>(
  api: Api<C, R, F>,
  call: {
    readonly wire: WireRequest;
    readonly url: URL;
    readonly seen: RequestSeen;
    readonly strikes: Strikes<F>;
    readonly common: Strikes<CommonEffect & When>;
    readonly context: Context<C, R>;
    readonly late: LateRequests;
  },
): WireAnswer {
  const { wire, url, seen, strikes, common, context, late } = call;
  const path = url.pathname;
  api.before?.(wire, strikes);
  const open = api.open?.(wire.method, path, () => parsed(api, wire), seen, wire, strikes);
  if (open) {
    context.page = true;
    return answerOf(open);
  }
  const caller = (context.caller = api.authenticate(wire.authorization, strikes, wire));
  if (common('unauthorized')) throw api.refusals.unauthorized();
  const matched = api.routes.map((each) => ({ each, groups: each.pattern.exec(path) })).filter(({ groups }) => groups !== null);
  const found = matched.find(({ each }) => each.method === wire.method);
  if (found) context.route = found.each;
  const limit = common('rate-limit');
  if (limit) throw api.refusals.tooFast(limit, caller);
  api.admit(caller, context.route);
  api.refuse?.(strikes);
  const trouble = common('server-error');
  if (trouble && trouble.applied !== true) throw api.refusals.trouble(trouble.status ?? 500);
  if (!found) throw matched.length > 0 ? api.refusals.noMethod(wire.method, path) : api.refusals.noEndpoint(wire.method, path);
  const params = (found.groups ?? []).slice(1).map((part) => decoded(api, part));
  api.permit?.(caller, found.each, params);
  const forbidden = common('forbidden') && api.refusals.forbidden(found.each, params);
  if (forbidden) throw forbidden;
  const body = parsed(api, wire);
  const request = {
    method: wire.method,
    path,
    query: url.searchParams,
    headers: wire.headers,
    body: api.bodyOf?.(body, strikes) ?? body,
    params,
    caller,
    id: seen.correlationId,
  };
  const later = common('late');
  if (later) {
    late.add(later.ms, () => void found.each.handle(request));
    return CUT;
  }
  const done = found.each.handle(shifted(api, request, common));
  const answer = api.after?.(done, path, strikes) ?? done;
  if (trouble) throw api.refusals.trouble(trouble.status ?? 500);
  const cut = common('drop-answer') || api.cuts?.(strikes) === true ? 'before' : common('cut-body') ? 'in-body' : 'no';
  const said = { ...answerOf(answer), cut } as const;
  return common('nonsense') ? { ...said, body: NONSENSE, headers: { ...said.headers, 'Content-Type': 'text/html' } } : said;
}

/** A request whose page begins where a fault says. */
function shifted<C, R extends Route<C>, F extends AnyFault>(
  api: Api<C, R, F>,
  request: ApiRequest<C>,
  common: Strikes<CommonEffect & When>,
): ApiRequest<C> {
  const offset = api.offsetOf?.(request) ?? 0;
  const shift = offset > 0 ? common('shift') : undefined;
  return shift ? (api.offsetTo?.(request, Math.max(0, offset + (shift.by ?? 1))) ?? request) : request;
}

const CUT: WireAnswer = { status: 0, headers: {}, body: '', delayMs: 0, cut: 'before' };
const NONSENSE = '<!doctype html><title>502</title>{"results":[{"id":';

const answerOf = ({ status, body, text, headers }: ApiAnswer): WireAnswer =>
  text ? textAnswer(status, text, headers) : jsonAnswer(status, body, headers);

function isPage({ headers }: Pick<WireAnswer, 'headers'>): boolean {
  return headers['Content-Type']?.startsWith('text/html') === true;
}

/** A part of a path as it was meant. */
function decoded<C>({ refusals }: { readonly refusals: Pick<Refusals<C, Route<C>>, 'badPath'> }, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refusals.badPath(part);
  }
}

function parsed<C, R extends Route<C>, F extends AnyFault>(api: Api<C, R, F>, wire: WireRequest): unknown {
  if (wire.body === '') return undefined;
  const read = api.parse?.(wire);
  if (read !== undefined) return read;
  try {
    return JSON.parse(wire.body);
  } catch (error) {
    throw api.refusals.notJson(error instanceof Error ? error.message : 'not JSON');
  }
}
