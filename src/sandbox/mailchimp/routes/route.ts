import type { ApiAnswer, ApiRequest, Route } from '../../kit/route.js';
import { badRequest } from '../failure.js';
import type { Account } from '../state/account.js';
import type { Audience, Writer } from '../state/model.js';
import { msOf } from '../state/times.js';
import { sparse } from './fields.js';

/** Who calls: whoever shows the key, as there is one. */
export type Caller = 'key';
export type Request = ApiRequest<Caller>;

/** What the endpoints work with. */
export interface ApiContext {
  readonly account: Account;
  readonly url: () => string;
}

/** An endpoint. */
export interface MailchimpRoute extends Route<Caller> {
  /** Whether it changes anything. */
  readonly writes: boolean;
}

/** The app of the sandbox's own key. */
export const APP = 'api-key';

/** An endpoint below `/3.0`. What is read is told as `fields` and `exclude_fields` want it. */
export function on(method: string, path: string, handle: (request: Request, ...params: string[]) => ApiAnswer): MailchimpRoute {
  return {
    method,
    pattern: new RegExp(`^/3\\.0${path}/?$`),
    writes: method !== 'GET',
    handle: (request) => {
      const answer = handle(request, ...request.params);
      return method === 'GET' && answer.body !== undefined ? { ...answer, body: sparse(answer.body, request.query) } : answer;
    },
  };
}

/** An endpoint about one audience, whose id is the first parameter of the path; the handler gets the others. */
export type OfAudience = (
  method: string,
  path: string,
  handle: (audience: Audience, request: Request, ...params: string[]) => ApiAnswer,
) => MailchimpRoute;

export const ofAudience =
  ({ account }: ApiContext): OfAudience =>
  (method, path, handle) =>
    on(method, path, (request, list = '', ...params) => handle(account.audience(list), request, ...params));

/** Who writes by a request. */
export const writerOf = ({ id }: Pick<Request, 'id'>): Writer => ({ cause: { by: 'api', app: APP }, isPerson: false, request: id });

export const ok = (body: unknown): ApiAnswer => ({ status: 200, body });
export const done: ApiAnswer = { status: 204 };

/** Which part of a collection is wanted: 10 unless `count` says otherwise, 1000 at most, whatever it says. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
  const [count, offset] = [numberOf(query, 'count', 10), numberOf(query, 'offset', 0)];
  return all.slice(offset, offset + Math.min(1000, count));
}

function numberOf(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null || text === '') return otherwise;
  if (!/^\d+$/.test(text)) throw badRequest(`${name}: a whole number of zero or more`);
  return Number(text);
}

/** A collection as it is told: a part of it, and how many there are. */
export const collection = <T>(
  name: string,
  all: readonly T[],
  query: URLSearchParams,
  more: Readonly<Record<string, unknown>>,
  told: (each: T) => unknown,
): ApiAnswer => ok({ [name]: pageOf(all, query).map(told), ...more, total_items: all.length, _links: [] });

/** A time in a query; undefined where there is none. */
export function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  // A plus that was not encoded arrives as a blank.
  const ms = msOf(text.replace(/ (\d\d:?\d\d)$/, '+$1'));
  if (ms === undefined) throw badRequest(`${name}: not a time in ISO 8601`);
  return ms;
}
