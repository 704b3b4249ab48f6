import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, notFound, refused } from '../failure.js';
import { said } from '../state/text.js';
import { type ApiContext, on, type Request, type SalesforceRoute } from './route.js';

const MOST = 25;

interface Subrequest {
  readonly method?: string;
  readonly url?: string;
  readonly referenceId?: string;
  readonly body?: unknown;
  readonly httpHeaders?: Readonly<Record<string, string>>;
}
interface Subanswer {
  readonly body: unknown;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpStatusCode: number;
  readonly referenceId: string;
}

/** Up to 25 requests in one, each of which may name what came of an earlier one; it counts as one request. */
export function compositeRoute({ org }: ApiContext, routes: readonly SalesforceRoute[]): SalesforceRoute {
  return on('POST', '/composite', (request) => {
    const { allOrNone = false, compositeRequest = [] } = (request.body ?? {}) as {
      readonly allOrNone?: boolean;
      readonly compositeRequest?: readonly Subrequest[];
    };
    if (compositeRequest.length > MOST) throw refused('LIMIT_EXCEEDED', `The composite request has more than ${MOST} subrequests`);
    const answers: Subanswer[] = [];
    try {
      org.atomically(() => {
        for (const each of compositeRequest) answers.push(answerOf(routes, request, each, answers));
        if (allOrNone && answers.some(({ httpStatusCode }) => httpStatusCode >= 400)) throw new Halted();
      });
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
      return { status: 200, body: { compositeResponse: answers.map(halted) } };
    }
    return { status: 200, body: { compositeResponse: answers } };
  });
}

class Halted extends Error {}

function answerOf(routes: readonly SalesforceRoute[], request: Request, sub: Subrequest, earlier: readonly Subanswer[]): Subanswer {
  const referenceId = sub.referenceId ?? '';
  try {
    const { status, body = null, headers = {} } = handled(routes, request, sub, earlier);
    return { body, httpHeaders: headers, httpStatusCode: status, referenceId };
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    return { body: error.body, httpHeaders: {}, httpStatusCode: error.status, referenceId };
  }
}

function handled(routes: readonly SalesforceRoute[], request: Request, sub: Subrequest, earlier: readonly Subanswer[]): ApiAnswer {
  const url = new URL(`http://sandbox.invalid${String(filled(sub.url ?? '', earlier))}`);
  for (const route of routes) {
    const groups = route.method === sub.method ? route.pattern.exec(url.pathname) : null;
    if (!groups) continue;
    const headers = Object.fromEntries(Object.entries(sub.httpHeaders ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    return route.handle({
      ...request,
      method: route.method,
      path: url.pathname,
      query: url.searchParams,
      headers: { ...request.headers, ...headers },
      body: filled(sub.body, earlier),
      params: groups.slice(1).map(decodeURIComponent),
    });
  }
  throw notFound();
}

/** The value with `@{reference.path}` replaced by what came of that request. */
function filled(value: unknown, earlier: readonly Subanswer[]): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/@\{([^}]+)\}/g, (_, path: string) => {
      const [id = '', ...names] = path.split(/[.[\]]+/).filter((each) => each !== '');
      const found = earlier.find(({ referenceId }) => referenceId === id);
      const end = names.reduce<unknown>(
        (of, name) => (typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined),
        found?.body,
      );
      if (found === undefined || found.httpStatusCode >= 400 || end === undefined)
        throw refused('PROCESSING_HALTED', `Invalid reference specified. No value for ${path} found in ${id}`);
      return said(end);
    });
  if (Array.isArray(value)) return value.map((each) => filled(each, earlier));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, earlier)]));
}

const halted = (answer: Subanswer): Subanswer =>
  answer.httpStatusCode >= 400
    ? answer
    : {
        ...answer,
        httpHeaders: {},
        httpStatusCode: 400,
        body: [
          { errorCode: 'PROCESSING_HALTED', message: 'The transaction was rolled back since another operation in the same transaction failed.' },
        ],
      };
