import type { Answer, Asked } from './kit.js';
import { newTruth, NOT_FOUND, numbered, type Vendor } from './vendor.js';

const ID = '2tUt1wbLX592XDdX';
/** Pages are made small, so that the cursor is needed: a page may hold fewer than were asked for. */
const PAGE = 2;

/**
 * n8n's public API 1.1.1, by its OpenAPI files: `X-N8N-API-KEY`; executions in pages with an opaque cursor; those that run are
 * in the list only where that is asked for; a wrong key is answered 401.
 */
export function n8n(): Vendor {
  const truth = newTruth();
  const executions = (asked: Asked): Answer => {
    const status = asked.query.get('status');
    const of = asked.query.get('workflowId') === ID;
    const all = !of ? [] : numbered(status === 'running' ? truth.inFlight : status === 'waiting' ? truth.waiting : 0);
    const cursor = asked.query.get('cursor');
    const from = cursor === null ? 0 : (JSON.parse(Buffer.from(cursor, 'base64').toString()) as { readonly at: number }).at;
    const more = from + PAGE < all.length;
    return {
      status: 200,
      body: {
        data: all.slice(from, from + PAGE).map((id) => ({ id: String(id), status, workflowId: ID, finished: false })),
        nextCursor: more ? Buffer.from(JSON.stringify({ at: from + PAGE })).toString('base64') : null,
      },
    };
  };
  return {
    kind: 'n8n',
    settings: { id: ID },
    which: 'id',
    credentials: { key: 'canary-n8n-key' },
    truth,
    answer(asked) {
      if (asked.headers['x-n8n-api-key'] !== 'canary-n8n-key') return { status: 401, body: { message: 'unauthorized' } };
      const workflow = { id: ID, name: 'Leads to CRM', active: !truth.paused, nodes: [], connections: {} };
      const stopped = /^\/api\/v1\/executions\/(\d+)\/stop$/u.exec(asked.path);
      if (asked.method === 'GET' && asked.path === '/api/v1/executions') return executions(asked);
      if (asked.method === 'POST' && stopped !== null) {
        if (truth.inFlight === 0) return NOT_FOUND;
        truth.inFlight -= 1;
        truth.cancelled += 1;
        return { status: 200, body: { id: stopped[1], status: 'canceled' } };
      }
      if (asked.method === 'GET' && asked.path === `/api/v1/workflows/${ID}`) return { status: 200, body: workflow };
      if (asked.method !== 'POST' || !asked.path.startsWith(`/api/v1/workflows/${ID}/`)) return NOT_FOUND;
      truth.paused = asked.path.endsWith('/deactivate');
      return { status: 200, body: { ...workflow, active: !truth.paused } };
    },
  };
}
