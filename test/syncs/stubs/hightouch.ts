import { newTruth, numbered, type Vendor } from './vendor.js';

/** Hightouch's REST API v1, by its OpenAPI description: Bearer; runs with a state of their own; errors have `message`. */
export function hightouch(): Vendor {
  const truth = newTruth();
  const states = ['queued', 'querying', 'processing', 'reporting'];
  const runs = () => [
    ...numbered(truth.inFlight, 2000).map((id, n) => ({ id: String(id), status: states[n % states.length], finishedAt: null })),
    ...numbered(4).map((id, n) => ({ id: String(id), status: ['success', 'failed', 'warning', 'cancelled'][n], finishedAt: '2026-11-01T00:00:00Z' })),
  ];
  return {
    kind: 'hightouch',
    settings: { id: '4711' },
    which: 'id',
    credentials: { key: 'canary-ht-key' },
    truth,
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-ht-key') return { status: 401, body: { message: 'Unauthorized' } };
      if (asked.path === '/api/v1/syncs/4711/runs') return { status: 200, body: { data: runs(), hasMore: false } };
      if (asked.path !== '/api/v1/syncs/4711') return { status: 404, body: { message: 'Sync not found', details: {} } };
      if (asked.method === 'PATCH') truth.paused = (asked.body as { readonly disabled?: unknown }).disabled === true;
      return { status: 200, body: { id: 4711, slug: 'leads-to-crm', disabled: truth.paused, status: truth.paused ? 'disabled' : 'success' } };
    },
  };
}
