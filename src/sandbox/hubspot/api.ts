import type { Api } from '../kit/dispatch.js';
import type { Strikes } from '../kit/faults.js';
import { jsonAnswer } from '../kit/wire.js';
import { requireScopes, type App, type Apps } from './apps.js';
import { errorPage } from './error-page.js';
import { ApiFailure, locked, moving, notAuthenticated, scopesMissing, tooManyRequests } from './failure.js';
import type { Fault } from './faults.js';
import type { Forms } from './forms.js';
import { leaveOut } from './partial.js';
import type { HubSpotRoute } from './routes/route.js';

interface Parts {
  readonly routes: readonly HubSpotRoute[];
  readonly apps: Apps;
  readonly forms: Forms;
  readonly longestTarget: number;
  /** Whether a single record that is not there is answered with a page on the older form of the path. */
  readonly notFoundPage: boolean;
}

/** One record, by the older form of the path. */
const CLASSIC_RECORD = /^\/crm\/v3\/objects\/[^/]+\/[^/]+\/?$/;

/** HubSpot's API in the terms of the kit. */
export function hubspotApi({ routes, apps, forms, longestTarget, notFoundPage }: Parts): Api<App, HubSpotRoute, Fault> {
  return {
    routes,
    before(wire, strikes) {
      if (wire.target.length > longestTarget) throw new ApiFailure(414, 'URI Too Long');
      const page = strikes('html-error');
      if (page && page.applied !== true) throw gatewayPage(page.status);
    },
    open(method, path, body, seen, _, strikes) {
      if (!forms.takes(method, path)) return undefined;
      if (strikes('rate-limit')) throw tooManyRequests('TEN_SECONDLY_ROLLING', 'forms');
      const trouble = strikes('server-error');
      if (trouble) throw new ApiFailure(trouble.status ?? 500, 'internal error');
      return forms.submit(path, body(), seen.correlationId);
    },
    authenticate(header, strikes) {
      let app = apps.authenticate(header);
      if (strikes('expire-token')) {
        apps.expire(app);
        app = apps.authenticate(header);
      }
      const removed = strikes('remove-scope');
      if (removed) app.scopes.delete(removed.scope);
      return app;
    },
    admit: (app, route) => app.limiter.admit(route?.search ?? false),
    permit: (app, route, params) => requireScopes(app, route.scopes(params), () => route.refusal?.(params)),
    refuse(strikes) {
      if (strikes('locked')) throw locked();
      if (strikes('moving')) throw moving();
    },
    bodyOf: (body, strikes) => (strikes('half-batch') ? firstHalf(body) : body),
    offsetOf: ({ path, body }) =>
      path.endsWith('/search') ? Number((body as { readonly after?: unknown } | undefined)?.after ?? 0) || 0 : undefined,
    offsetTo: (request, offset) => ({ ...request, body: { ...(request.body as object), after: String(offset) } }),
    after(answer, path, strikes) {
      const partial = path.endsWith('/batch/read') ? strikes('partial') : undefined;
      const page = strikes('html-error');
      if (page) throw gatewayPage(page.status);
      const half = strikes('half-batch');
      if (half && half.answer !== 'cut') throw new ApiFailure(500, 'internal error');
      return partial ? leaveOut(answer, partial) : answer;
    },
    cuts: (strikes) => strikes('half-batch') !== undefined,
    refusals: {
      noEndpoint: () => new ApiFailure(404, 'No endpoint has this path'),
      noMethod: () => new ApiFailure(405, 'HTTP 405 Method Not Allowed'),
      notJson: (why) => new ApiFailure(400, `Invalid input JSON: ${why}`, { category: 'VALIDATION_ERROR' }),
      badPath: (part) => new ApiFailure(400, `Invalid path: ${part}`, { category: 'VALIDATION_ERROR' }),
      tooFast: (fault, app) => tooManyRequests((fault as Extract<Fault, { kind: 'rate-limit' }>).policy ?? 'TEN_SECONDLY_ROLLING', app.appId),
      trouble: (status) => new ApiFailure(status, 'internal error'),
      unauthorized: notAuthenticated,
      forbidden: (route, params) => {
        const writing = route.scopes(params).find((anyOf) => anyOf.some((scope) => scope.endsWith('.write')));
        return writing && scopesMissing(writing);
      },
    },
    render: (error, { wire, path, seen, strikes }) => {
      const asPage = notFoundPage && error.status === 404 && wire.method === 'GET' && CLASSIC_RECORD.test(path);
      const { status, message, body, form } = asPage ? gatewayPage(404) : error;
      const headers = waitOf(status, strikes);
      if (form === 'json') return jsonAnswer(status, { status: 'error', message, correlationId: seen.correlationId, ...(body as object) }, headers);
      return {
        status,
        headers: { 'Content-Type': form === 'html' ? 'text/html;charset=utf-8' : 'text/plain; charset=UTF-8', ...headers },
        body: message,
      };
    },
    headers: (app, route, seen) => ({
      ...(app ? app.limiter.headers(route?.search ?? false) : {}),
      'X-HubSpot-Correlation-Id': seen.correlationId,
    }),
  };
}

/** The wait that an answer asks for, where it does. */
function waitOf(status: number, strikes: Strikes<Fault>): Readonly<Record<string, string>> {
  const seconds =
    status === 429 ? strikes('rate-limit')?.retryAfterSeconds : status === 477 ? (strikes('moving')?.retryAfterSeconds ?? 3) : undefined;
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) };
}

const gatewayPage = (status = 502): ApiFailure => new ApiFailure(status, errorPage(status), {}, 'html');

/** The same batch body with only the first half of its inputs, rounded down. */
function firstHalf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('inputs' in body) || !Array.isArray(body.inputs)) return body;
  return { ...body, inputs: body.inputs.slice(0, Math.floor(body.inputs.length / 2)) };
}
