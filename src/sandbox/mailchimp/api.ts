import type { Api } from '../kit/dispatch.js';
import type { Failure } from '../kit/failure.js';
import type { Strikes } from '../kit/faults.js';
import { jsonAnswer, type WireAnswer } from '../kit/wire.js';
import type { Batches } from './batches/batches.js';
import {
  forbidden,
  keyInvalid,
  keyMissing,
  noMethod,
  notFound,
  notJson,
  page,
  tooMany,
  tooManySignups,
  trouble,
  wrongDatacenter,
} from './failure.js';
import type { Fault } from './faults.js';
import type { Load } from './limits.js';
import type { Caller, MailchimpRoute } from './routes/route.js';

interface Parts {
  readonly routes: readonly MailchimpRoute[];
  readonly token: string;
  readonly load: Load;
  readonly batches: Batches;
  readonly url: () => string;
}

const BLOCKED =
  "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this server.<P>Reference #18.0</BODY></HTML>";
const GATEWAY = (title: string): string =>
  `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr><center>openresty</center></body></html>`;

/** The key that an `Authorization` header shows: Basic with any user, Bearer, or `apikey`. */
export function keyIn(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header ?? '') ?? [];
  if (/^basic$/i.test(scheme)) return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
  return /^(?:bearer|apikey|oauth)$/i.test(scheme) ? value : undefined;
}

const withoutCenter = (key: string): string => key.replace(/-[a-z]+\d+$/, '');

/** Mailchimp's API in the terms of the kit. */
export function mailchimpApi({ routes, token, load, batches, url }: Parts): Api<Caller, MailchimpRoute, Fault> {
  return {
    routes,
    before(_, strikes) {
      const blocked = strikes('blocked');
      if (blocked) throw page(403, blocked.body === 'empty' ? '' : BLOCKED);
      const struck = strikes('html-error');
      if (struck && struck.applied !== true) throw page(struck.status ?? 503, GATEWAY('Service Temporarily Unavailable'));
    },
    open: (method, _path, _body, _seen, { target }) => (method === 'GET' ? batches.results(target) : undefined),
    authenticate(header) {
      const key = keyIn(header);
      if (key === undefined || key === '') throw keyMissing();
      if (key === token) return 'key';
      throw withoutCenter(key) === withoutCenter(token) && key !== withoutCenter(key) ? wrongDatacenter() : keyInvalid();
    },
    admit: () => load.admit(),
    bodyOf(body, strikes) {
      refuseSignups(body, strikes);
      return strikes('half-batch') ? firstHalf(body) : body;
    },
    offsetOf: ({ method, query }) => (method === 'GET' ? Number(query.get('offset') ?? 0) || 0 : undefined),
    offsetTo: (request, offset) => {
      const query = new URLSearchParams(request.query);
      query.set('offset', String(offset));
      return { ...request, query };
    },
    after(answer, _, strikes) {
      const struck = strikes('html-error');
      if (struck) throw page(struck.status ?? 503, GATEWAY('Service Temporarily Unavailable'));
      const half = strikes('half-batch');
      if (half && half.answer !== 'cut') throw trouble(500);
      return strikes('partial') ? { ...answer, body: withoutSome(answer.body) } : answer;
    },
    cuts: (strikes) => strikes('half-batch')?.answer === 'cut',
    refusals: {
      noEndpoint: notFound,
      noMethod: () => noMethod(),
      notJson,
      badPath: notFound,
      tooFast(fault) {
        const { body = 'json' } = fault as Extract<Fault, { kind: 'rate-limit' }>;
        return body === 'json' ? tooMany() : page(429, body === 'html' ? GATEWAY('429 Too Many Requests') : '');
      },
      trouble,
      unauthorized: keyInvalid,
      forbidden: ({ writes }) => (writes ? forbidden() : undefined),
    },
    render: (error, { path, seen, strikes }) =>
      rendered(error, { allow: allowed(routes, path), id: seen.correlationId, url: url(), wait: strikes('rate-limit')?.retryAfterSeconds }),
    headers: (_, __, { correlationId }) => ({ 'X-Request-Id': correlationId }),
  };
}

function rendered(
  error: Failure,
  { allow, id, url, wait }: { readonly allow: string; readonly id: string; readonly url: string; readonly wait: number | undefined },
): Pick<WireAnswer, 'status' | 'headers' | 'body'> {
  const retry = wait === undefined ? {} : { 'Retry-After': String(wait) };
  if (error.form === 'html') return { status: error.status, headers: { 'Content-Type': 'text/html', ...retry }, body: error.message };
  if (error.form === 'text') return { status: error.status, headers: retry, body: '' };
  return jsonAnswer(
    error.status,
    { ...(error.body as object), instance: id },
    {
      'Content-Type': 'application/problem+json; charset=utf-8',
      Link: `<${url}/schema/3.0/Definitions/ProblemDetailDocument.json>; rel="describedBy"`,
      ...(error.status === 405 && { Allow: allow }),
      ...retry,
    },
  );
}

const allowed = (routes: readonly MailchimpRoute[], path: string): string =>
  [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].join(', ');

function refuseSignups(body: unknown, strikes: Strikes<Fault>): void {
  const fault = strikes('too-many-signups');
  const email = (body as { readonly email_address?: unknown } | undefined)?.email_address;
  if (fault && typeof email === 'string' && fault.addresses?.includes(email) !== false) throw tooManySignups(email);
}

/** Of members that are told, every second one; how many there are stays. */
function withoutSome(body: unknown): unknown {
  const { members } = body as { readonly members?: unknown };
  return Array.isArray(members) ? { ...(body as object), members: members.filter((_, n) => n % 2 === 1) } : body;
}

function firstHalf(body: unknown): unknown {
  const { members } = (body ?? {}) as { readonly members?: unknown };
  return Array.isArray(members) ? { ...(body as object), members: members.slice(0, Math.ceil(members.length / 2)) } : body;
}
