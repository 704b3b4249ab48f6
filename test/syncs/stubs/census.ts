import { newTruth, numbered, type Vendor } from './vendor.js';

/** Census' API v1, by its reference: Bearer; everything under `data`; runs with `working` and `queued`, newest first where asked so. */
export function census(): Vendor {
  const truth = newTruth();
  const runs = () => [
    ...numbered(truth.inFlight, 2000).map((id, n) => ({ id, sync_id: 52, status: n === 0 ? 'working' : 'queued', canceled: false })),
    ...numbered(3).map((id, n) => ({ id, sync_id: 52, status: ['completed', 'failed', 'skipped'][n], canceled: false })),
  ];
  return {
    kind: 'census',
    settings: { id: '52' },
    which: 'id',
    credentials: { token: 'canary-census-token' },
    truth,
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-census-token')
        return { status: 401, body: { status: 'unauthorized', message: 'Access denied' } };
      if (asked.path === '/api/v1/syncs/52/sync_runs')
        return asked.query.get('order') === 'desc' ? { status: 200, body: { status: 'success', data: runs() } } : { status: 422 };
      if (asked.method === 'POST' && /^\/api\/v1\/sync_runs\/\d+\/cancel$/u.test(asked.path)) {
        truth.inFlight -= 1;
        truth.cancelled += 1;
        return { status: 200, body: { status: 'success' } };
      }
      if (asked.path !== '/api/v1/syncs/52') return { status: 404, body: { status: 'not_found', message: 'Sync not found' } };
      if (asked.method === 'PATCH') truth.paused = (asked.body as { readonly paused?: unknown }).paused === true;
      return {
        status: 200,
        body: { status: asked.method === 'PATCH' ? 'updated' : 'success', data: { id: 52, label: 'Leads', paused: truth.paused } },
      };
    },
  };
}
