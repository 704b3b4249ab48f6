import type { Api } from '../kit/dispatch.js';
import type { Strikes } from '../kit/faults.js';
import { jsonAnswer, textAnswer, type WireRequest } from '../kit/wire.js';
import type { OAuth } from './auth/oauth.js';
import type { Session, Sessions } from './auth/sessions.js';
import { ApiFailure, jsonParserError, limitExceeded, notFound, sessionInvalid } from './failure.js';
import type { Fault } from './faults.js';
import type { ApiUsage } from './limits.js';
import { versions } from './routes/account.js';
import type { SalesforceRoute } from './routes/route.js';
import { SOAP_PATH, sessionOf, soapFault } from './routes/soap.js';
import type { Org } from './state/org.js';

interface Parts {
  readonly routes: readonly SalesforceRoute[];
  readonly org: Org;
  readonly sessions: Sessions;
  readonly oauth: OAuth;
  readonly usage: ApiUsage;
  /** Jobs that are done after a while. */
  readonly ingest: { settle(): void };
}

/** Characters of path and query before the answer is 431, and before it is 414. */
const LONG_TARGET = { headers: 16_088, uri: 16_410 } as const;
const isSoap = (path: string): boolean => SOAP_PATH.test(path);
const pathOf = ({ target }: WireRequest): string => target.split('?')[0] ?? '/';

/** Salesforce's API in the terms of the kit. */
export function salesforceApi({ routes, org, sessions, oauth, usage, ingest }: Parts): Api<Session, SalesforceRoute, Fault> {
  return {
    routes,
    before({ target }, strikes) {
      org.isLocked = () => false;
      if (target.length > LONG_TARGET.uri) throw page(414, 'URI Too Long');
      if (target.length > LONG_TARGET.headers) throw page(431, 'Request Header Fields Too Large');
      const struck = strikes('html-error');
      if (struck && struck.applied !== true) throw page(struck.status ?? 503, 'Service Unavailable');
      org.bin.settle();
      org.archive.settle();
      ingest.settle();
    },
    open(method, path, body, _, { authorization }) {
      if (method === 'GET' && /^\/services\/data\/?$/.test(path)) return { status: 200, body: versions() };
      return oauth.takes(method, path) ? oauth.answer(path, body() ?? {}, authorization) : undefined;
    },
    parse({ body, headers, ...wire }) {
      const type = headers['content-type'] ?? '';
      if (/x-www-form-urlencoded/i.test(type)) return Object.fromEntries(new URLSearchParams(body));
      return isSoap(pathOf({ body, headers, ...wire })) || /^text\//i.test(type) ? body : undefined;
    },
    authenticate(header, strikes, wire) {
      const given = isSoap(pathOf(wire)) ? (sessionOf(wire.body) ?? header) : header;
      const session = sessions.enter(given);
      if (!strikes('expire-session')) return session;
      sessions.end(session.token);
      throw sessionInvalid();
    },
    admit: () => usage.admit(),
    refuse(strikes) {
      const hidden = strikes('hide-field');
      if (hidden) org.description = { ...org.description, hidden: [...org.description.hidden, hidden.field] };
      org.isLocked = lockOf(strikes);
      if (strikes('query-timeout')) throw new ApiFailure(400, 'QUERY_TIMEOUT', 'Your query request was running for too long.');
    },
    bodyOf: (body, strikes) => (strikes('half-batch') ? firstHalf(body) : body),
    after(answer, _, strikes) {
      const struck = strikes('html-error');
      if (struck) throw page(struck.status ?? 503, 'Service Unavailable');
      if (strikes('half-batch')) throw trouble(500);
      // What is not to be seen is told as nothing, as what is not there.
      return strikes('partial') && Array.isArray(answer.body)
        ? { ...answer, body: answer.body.map((each: unknown, n) => (n % 2 === 0 ? null : each)) }
        : answer;
    },
    refusals: {
      noEndpoint: notFound,
      noMethod: (method) => new ApiFailure(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE`),
      notJson: (why) => jsonParserError(why),
      badPath: () => notFound(),
      tooFast: (fault) => limitExceeded((fault as Extract<Fault, { kind: 'rate-limit' }>).limit),
      trouble,
      unauthorized: sessionInvalid,
      forbidden: ({ writes }) =>
        writes ? new ApiFailure(403, 'INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights on object id') : undefined,
    },
    render: (error, { path, strikes }) => {
      const { status, message, body, form } = error;
      if (form !== 'json') return { status, headers: { 'Content-Type': 'text/html;charset=utf-8' }, body: message };
      if (isSoap(path) && error instanceof ApiFailure) return textAnswer(500, { type: 'text/xml; charset=utf-8', content: soapFault(error) });
      const wait = strikes('rate-limit')?.retryAfterSeconds;
      return jsonAnswer(status, body, wait === undefined ? {} : { 'Retry-After': String(wait) });
    },
    headers: (session, _, { path }) => (session && !isSoap(path) ? { 'Sforce-Limit-Info': `api-usage=${usage.used}/${usage.settings.perDay}` } : {}),
  };
}

const page = (status: number, title: string): ApiFailure =>
  new ApiFailure(status, 'HTML', `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`, undefined, 'html');

const trouble = (status: number): ApiFailure =>
  status === 503
    ? new ApiFailure(503, 'SERVER_UNAVAILABLE', 'We are down for maintenance. Sorry for the inconvenience. We will be back soon.')
    : new ApiFailure(
        status,
        'UNKNOWN_EXCEPTION',
        'An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1234567890)',
      );

/** Which records somebody else holds while a request is handled. */
function lockOf(strikes: Strikes<Fault>): (id: string) => boolean {
  const fault = strikes('lock-row');
  if (!fault) return () => false;
  if (fault.ids) return (id) => fault.ids?.some((each) => each.slice(0, 15) === id.slice(0, 15)) === true;
  let asked = 0;
  return () => {
    asked += 1;
    return asked % 2 === 1;
  };
}

function firstHalf(body: unknown): unknown {
  const { records } = (body ?? {}) as { readonly records?: unknown };
  return Array.isArray(records) ? { ...(body as object), records: records.slice(0, Math.ceil(records.length / 2)) } : body;
}
