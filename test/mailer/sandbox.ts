import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { type Clock, systemClock } from '../../src/lib/index.js';
import type { Cause, Sandbox, TrueWriter } from '../../src/sandbox/index.js';
import { Automations } from '../../src/sandbox/kit/automations/automations.js';
import { automatedHandle, settlingWriter } from '../../src/sandbox/kit/automations/handle.js';
import { COMMON_FAULTS, commonControls, faultForm, read } from '../../src/sandbox/kit/control.js';
import { RequestCounter } from '../../src/sandbox/kit/counts.js';
import type { Api } from '../../src/sandbox/kit/dispatch.js';
import { Failure } from '../../src/sandbox/kit/failure.js';
import { type CommonEffect, FaultSwitches, type When } from '../../src/sandbox/kit/faults.js';
import { LateRequests } from '../../src/sandbox/kit/late.js';
import type { ApiAnswer, ApiRequest, Route } from '../../src/sandbox/kit/route.js';
import { serve, type Served } from '../../src/sandbox/kit/serve.js';
import { DailyQuota, RollingWindow } from '../../src/sandbox/kit/window.js';
import { jsonAnswer } from '../../src/sandbox/kit/wire.js';
import { Account, FIELDS, refused, type Row } from './account.js';

/** `busy`: every second item of a bulk is not done for now. */
export type MailerFault = (CommonEffect | { readonly kind: 'busy' }) & When;

export interface MailerSandbox extends Sandbox, Pick<Served, 'onRequest'> {
  readonly faults: FaultSwitches<MailerFault>;
}

interface Options {
  readonly clock?: Clock;
  readonly host?: string;
  readonly token?: string;
  readonly perMinute?: number;
  readonly perDay?: number;
}

const MINUTE_MS = 60_000;
const MOST = 50;
type Caller = 'key';
const BY_API: Cause = { by: 'api', app: 'key' };

const id = z.number().int();
const ids = z.object({ ids: z.array(id).max(MOST) });
const values = z.record(z.string(), z.string().nullable());
const created = z.object({ items: z.array(values).max(MOST) });
const changed = z.object({ items: z.array(z.object({ id, set: values })).max(MOST) });
const faultInput = z.discriminatedUnion('kind', [
  ...COMMON_FAULTS,
  faultForm('rate-limit', { retryAfterSeconds: z.number().optional() }),
  faultForm('partial', {}),
  faultForm('busy', {}),
]);

/** Starts a local server that speaks the API of `vendor.md`. */
export async function startMailerSandbox(options: Options = {}): Promise<MailerSandbox> {
  const clock = options.clock ?? systemClock;
  const token = options.token ?? `pb-${randomUUID()}`;
  const automations: Automations = new Automations(clock, {
    hasField: (object, field) => FIELDS[object]?.includes(field) === true,
    find: (object, key) => account.find(object, Number(key))?.values,
    write: (object, key, given, _, because) => void account.update(object, Number(key), given, because),
    optedOut: (_, { consent }) => consent === 'unsubscribed',
  });
  const account = new Account(automations);
  const faults = new FaultSwitches<MailerFault>(clock, { pathOf: ({ kind }) => (kind === 'partial' ? '*/lookup' : undefined) });
  const counter = new RequestCounter();
  const late = new LateRequests(clock);
  const limits = { minute: new RollingWindow(clock, MINUTE_MS), day: new DailyQuota(clock), refused: 0 };
  const [perMinute, perDay] = [options.perMinute ?? 60, options.perDay ?? 10_000];
  let firstWrite = 0;
  /** `Retry-After` of the last refusal, for the answer that tells it. */
  let waitMs = 0;

  const api: Api<Caller, Route<Caller>, MailerFault> = {
    routes: routesOf(account),
    authenticate(header) {
      if (header !== `Bearer ${token}`) throw refused(401, 'bad_key', 'This key is not known');
      return 'key';
    },
    admit() {
      waitMs = limits.minute.freeInMs(perMinute);
      const quota = limits.day.used >= perDay;
      if (quota || waitMs > 0) {
        limits.refused += 1;
        throw quota ? refused(429, 'quota', 'The quota of the day is used up') : refused(429, 'too_fast', 'At most 60 requests a minute');
      }
      limits.minute.enter();
      limits.day.enter();
    },
    offsetOf: ({ method, query }) => (method === 'GET' ? Number(query.get('offset') ?? 0) : undefined),
    offsetTo: (request, offset) => {
      const query = new URLSearchParams(request.query);
      query.set('offset', String(offset));
      return { ...request, query };
    },
    bodyOf: (body, strikes) => (strikes('busy') ? { ...(body as object), busy: true } : body),
    after(answer, path, strikes) {
      if (!path.endsWith('/lookup') || !strikes('partial')) return answer;
      const { items, missing } = answer.body as { readonly items: readonly unknown[]; readonly missing: readonly unknown[] };
      return { ...answer, body: { items: items.filter((_, n) => n % 2 === 1), missing: missing.filter((_, n) => n % 2 === 1) } };
    },
    refusals: {
      noEndpoint: (method, path) => refused(404, 'not_found', `No ${method} ${path}`),
      noMethod: (method, path) => refused(405, 'not_found', `No ${method} ${path}`),
      notJson: (why) => refused(400, 'invalid', why),
      badPath: (part) => refused(400, 'invalid', part),
      tooFast: ({ retryAfterSeconds = 1 }) => {
        waitMs = retryAfterSeconds * 1000;
        return refused(429, 'too_fast', 'At most 60 requests a minute');
      },
      trouble: (status) => refused(status, 'trouble', 'Something went wrong'),
      unauthorized: () => refused(401, 'bad_key', 'This key is not known'),
      forbidden: ({ method, pattern }) =>
        method === 'GET' || pattern.source.includes('lookup') ? undefined : refused(403, 'read_only', 'This key may only read'),
    },
    render: ({ status, body }) => {
      const isWait = status === 429 && (body as { readonly error?: string }).error === 'too_fast';
      // A date has whole seconds: the next one after the wait.
      const at = new Date(Math.ceil((clock.now().getTime() + waitMs) / 1000) * 1000);
      return jsonAnswer(status, body, isWait ? { 'Retry-After': at.toUTCString() } : {});
    },
    headers: () => ({ 'X-Quota-Remaining': String(Math.max(0, perDay - limits.day.used)) }),
  };

  const sandbox: Omit<MailerSandbox, 'url' | 'stop' | 'onRequest'> = {
    kind: 'postbird',
    account: '4711',
    token,
    faults,
    now: () => clock.now(),
    ...automatedHandle(automations, 'key'),
    truth: () => (late.settle(), automations.settle(), account.truth()),
    writeAs: (who) => settlingWriter(automations, writerOf(account, { by: who.kind, id: who.id })),
    counts: () =>
      counter.report(account.writes.slice(firstWrite), limits.refused, ({ object, id: key }) => account.truth().record(object, key)?.['email']),
    resetCounts: () => {
      counter.reset();
      firstWrite = account.writes.length;
      limits.refused = 0;
    },
    dump: () => account.dump(),
    load: (dump) => account.load(dump),
  };
  const served = await serve({
    host: options.host ?? '127.0.0.1',
    port: 0,
    clock,
    token,
    api,
    faults,
    counter,
    late,
    automations,
    controls: () => commonControls(sandbox, (body) => read(faultInput, body, (why) => refused(400, 'invalid', why)) as MailerFault),
    mayCome: ({ authorization }) => authorization === `Bearer ${token}`,
  });
  return { ...sandbox, ...served };
}

function writerOf(account: Account, cause: Cause): TrueWriter {
  const member = (list: string, subscriber: string, joins: boolean): void => void account.member(Number(list), Number(subscriber), joins);
  const ends = (object: string, one: string, other: string): readonly [string, string] => (object === 'lists' ? [one, other] : [other, one]);
  return {
    create: (object, given, at) => String(account.create(object, given, cause, at).id),
    update: (object, key, given, at) => void account.update(object, Number(key), given, cause, at),
    remove: (object, key) => void account.remove(object, Number(key)),
    link: (fromObject, from, _to, to) => member(...ends(fromObject, from, to), true),
    unlink: (fromObject, from, _to, to) => member(...ends(fromObject, from, to), false),
  };
}

function routesOf(account: Account): readonly Route<Caller>[] {
  const bad = (why: string): Error => refused(422, 'invalid', why);
  const body = <T>(form: z.ZodType<T>, request: ApiRequest<Caller>): T => read(form, request.body, bad);
  const on = (method: string, pattern: RegExp, handle: (request: ApiRequest<Caller>) => ApiAnswer): Route<Caller> => ({ method, pattern, handle });
  const things = ({ params }: ApiRequest<Caller>): string => params[0] ?? '';
  const number = (text: string | undefined): number => {
    if (!/^\d+$/.test(text ?? '')) throw refused(404, 'not_found', 'An id is a number');
    return Number(text);
  };
  return [
    on('GET', /^\/v2\/account$/, () => ({ status: 200, body: { id: 4711, name: 'Example Ltd' } })),
    on('GET', /^\/v2\/fields$/, () => ({ status: 200, body: fieldsTold() })),
    on('GET', /^\/v2\/lists\/([^/]+)\/members$/, ({ params, query }) => page(account.members(number(params[0])), query)),
    on('GET', /^\/v2\/subscribers\/([^/]+)\/lists$/, ({ params }) => ({ status: 200, body: { items: account.listsOf(number(params[0])) } })),
    ...(['PUT', 'DELETE'] as const).map((method) =>
      on(method, /^\/v2\/lists\/([^/]+)\/members$/, (request) => {
        const list = number(request.params[0]);
        const asked = body(ids, request).ids;
        account.members(list);
        const done = asked.filter((each) => account.member(list, each, method === 'PUT'));
        const others = asked.filter((each) => !done.includes(each));
        return { status: 200, body: { done, not_done: others.map((each) => ({ id: each, error: 'not_found' })) } };
      }),
    ),
    on('GET', /^\/v2\/(lists|subscribers)$/, (request) => page(ofTime(account.rows(things(request)), request.query).map(told), request.query)),
    on('POST', /^\/v2\/(lists|subscribers)\/lookup$/, (request) => {
      const asked = body(ids, request).ids;
      const items = asked.flatMap((each) => account.find(things(request), each) ?? []).map(told);
      return { status: 200, body: { items, missing: asked.filter((each) => !account.find(things(request), each)) } };
    }),
    on('POST', /^\/v2\/(lists|subscribers)$/, (request) => {
      const { items } = body(created, request);
      for (const item of items) account.check(things(request), item, undefined, BY_API);
      const addresses = items.flatMap(({ email }) => email ?? []);
      if (new Set(addresses).size < addresses.length) throw refused(409, 'taken', 'An address is taken');
      return { status: 201, body: { ids: items.map((item) => account.create(things(request), item, BY_API).id) } };
    }),
    on('POST', /^\/v2\/(lists|subscribers)\/bulk$/, (request) => {
      const { items } = body(changed, request);
      const busy = (request.body as { readonly busy?: true }).busy === true;
      const results = items.map((item, position) =>
        busy && position % 2 === 1 ? { position, error: 'busy', detail: 'Try later' } : changeOne(account, things(request), item, position),
      );
      // In any order.
      return { status: 207, body: { results: results.reverse() } };
    }),
    on('DELETE', /^\/v2\/(lists|subscribers)\/([^/]+)$/, (request) => {
      if (!account.remove(things(request), number(request.params[1]))) throw refused(404, 'not_found', 'There is none');
      return { status: 204 };
    }),
  ];
}

function changeOne(account: Account, things: string, item: z.infer<typeof changed>['items'][number], position: number): unknown {
  try {
    return { position, item: told(account.update(things, item.id, item.set, BY_API)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { position, ...(error.body as object) };
  }
}

function ofTime(rows: readonly Row[], query: URLSearchParams): readonly Row[] {
  const limit = (name: string, otherwise: number): number => (query.has(name) ? Date.parse(query.get(name) ?? '') : otherwise);
  const within = (name: string, at: number): boolean => at >= limit(`${name}_since`, -Infinity) && at < limit(`${name}_before`, Infinity);
  return rows.filter(({ createdAt, updatedAt }) => within('created', createdAt) && within('updated', updatedAt));
}

function page(all: readonly unknown[], query: URLSearchParams): ApiAnswer {
  const [offset, limit] = [Number(query.get('offset') ?? 0), Math.min(MOST, Number(query.get('limit') ?? MOST))];
  return { status: 200, body: { items: all.slice(offset, offset + limit), count: all.length } };
}

function told({ id: key, values: given, createdAt, updatedAt }: Row): unknown {
  return { id: key, ...given, created_at: new Date(createdAt).toISOString(), updated_at: new Date(updatedAt).toISOString() };
}

function fieldsTold(): unknown {
  const system = ['id', 'created_at', 'updated_at'].map((name) => ({ name, type: name === 'id' ? 'number' : 'time', writable: false }));
  const own = (names: readonly string[]): unknown[] => names.map((name) => ({ name, type: name === 'consent' ? 'choice' : 'text', writable: true }));
  return Object.fromEntries(Object.entries(FIELDS).map(([things, names]) => [things, [...own(names), ...system]]));
}
