import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { html } from 'hono/html';

import { isRunbackError, messageOf } from '../../lib/index.js';
import type { Pulse } from '../pulse.js';
import type { Trouble } from '../trouble.js';
import type { DaemonDeps } from '../types.js';
import { acknowledgePage, confirm, findPage, nowherePage } from './acknowledge.js';
import { Board } from './board.js';
import { type Names, SAFE_HEADERS } from './guard.js';
import { incidentPage } from './incident.js';
import { type Html, layout } from './layout.js';
import { metricsText } from './metrics.js';
import { overviewPage } from './overview.js';

const REFRESH_S = 30;
const LARGEST_FORM = 4096;

/** What the status page is made from. */
export interface AppDeps {
  readonly deps: Pick<DaemonDeps, 'incidents' | 'clock' | 'outbox' | 'runs' | 'pauses' | 'flows' | 'store'>;
  readonly pulse: Pulse;
  readonly trouble: Trouble;
  readonly token: (key: string) => string;
  /** Known once it listens. */
  readonly names: () => Names;
}

/** The status page as a function from request to answer. Nothing but a POST to `/ack/…` changes anything. */
export function makeApp({ deps, pulse, trouble, token, names }: AppDeps): Hono {
  const { incidents, clock, store } = deps;
  const board = new Board(deps);
  const app = new Hono();

  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(SAFE_HEADERS)) c.header(name, value);
    if (!names().isHost(c.req.header('host'))) return c.text('This host name does not belong to runback.\n', 403);
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !names().isOwnForm(c.req.header('sec-fetch-site'), c.req.header('origin')))
      return c.html(forbiddenPage(), 403);
    return await next();
  });

  app.get('/', async (c) => {
    const view = await board.view();
    const policy = incidents.options.escalation !== undefined;
    return await c.html(overviewPage({ board: view, pulse, now: clock.now(), policy, refresh: refresh(c), location: store.location }));
  });

  app.get('/incidents/:id', async (c) => await c.html(incidentPage(await board.incident(c.req.param('id')), clock.now(), refresh(c))));

  app.get('/ack/:key/:token', async (c) => {
    const found = await findPage(board, token, c.req.param('key'), c.req.param('token'), clock.now());
    return found ? await c.html(acknowledgePage(found, clock.now())) : await c.html(nowherePage('../../'), 404);
  });

  app.post('/ack/:key/:token', bodyLimit({ maxSize: LARGEST_FORM }), async (c) => {
    const found = await findPage(board, token, c.req.param('key'), c.req.param('token'), clock.now());
    if (!found) return await c.html(nowherePage('../../'), 404);
    const { person } = await c.req.parseBody();
    if (await confirm(board, incidents, found, typeof person === 'string' ? person : undefined))
      return c.redirect(`../${encodeURIComponent(c.req.param('key'))}/${encodeURIComponent(c.req.param('token'))}`, 303);
    return await c.html(acknowledgePage(found, clock.now(), true), 422);
  });

  app.get('/healthz', (c) => {
    const { healthy, failing, sinceLastPassMs, passes } = pulse;
    return c.json({ ok: healthy, lastPassSeconds: Math.round(sinceLastPassMs) / 1000, passes, failing }, healthy ? 200 : 503);
  });

  app.get('/metrics', async (c) =>
    c.body(metricsText(await board.view(), pulse, clock.now()), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );

  app.notFound(async (c) => await c.html(nowherePage('/'), 404));
  app.onError(async (error, c) => {
    // Also a name that cannot be an id.
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'usage')) return await c.html(nowherePage('/'), 404);
    trouble.tell('page', `The status page could not answer ${c.req.path.startsWith('/ack/') ? '/ack/…' : c.req.path}: ${messageOf(error)}`);
    return await c.html(brokenPage(error), 500);
  });
  return app;
}

/**
 * A page loads itself again unless it was asked not to: by header, which assistive technology and people can do
 * without.
 */
function refresh(c: Context): boolean {
  const on = c.req.query('refresh') !== 'off';
  if (on) c.header('Refresh', String(REFRESH_S));
  return on;
}

const forbiddenPage = (): Html =>
  layout(
    'Refused',
    '/',
    html`<h1>Refused</h1>
      <p>This came from another page. Open the link in your message and confirm there.</p>`,
  );

const brokenPage = (error: unknown): Html =>
  layout(
    'Cannot be shown',
    '/',
    html`<h1>This cannot be shown</h1>
      <p>${isRunbackError(error) ? error.message : 'Something unexpected went wrong. The log of the daemon says what.'}</p>
      <p>Type <code>runback status</code> or <code>runback incident list</code>.</p>`,
  );
