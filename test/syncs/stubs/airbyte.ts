import type { Asked } from './kit.js';
import { newTruth, NOT_FOUND, numbered, type Vendor } from './vendor.js';

const ID = '9924bcd0-99be-453d-ba47-c2c9766f7da5';
const TOKEN = 'canary-airbyte-token';

/**
 * Airbyte's public API, by its reference: a token by id and secret in JSON; jobs in a list that is asked for one state at a time;
 * an expired or missing token is answered 401. `truth.waiting` jobs are pending.
 */
export function airbyte(): Vendor {
  const truth = newTruth();
  const jobs = (asked: Asked) => {
    const status = asked.query.get('status');
    const count = status === 'running' ? truth.inFlight : status === 'pending' ? truth.waiting : 0;
    const data = asked.query.get('connectionId') === ID ? numbered(count).map((jobId) => ({ jobId, status, jobType: 'sync', connectionId: ID })) : [];
    return { status: 200, body: { previous: '', next: '', data } };
  };
  const token = (asked: Asked) => {
    const given = asked.body as Readonly<Record<string, unknown>>;
    const right = given['client_id'] === 'canary-airbyte-id' && given['client_secret'] === 'canary-airbyte-secret';
    if (!right || given['grant-type'] !== 'client_credentials') return { status: 401, body: { message: 'Unauthorized' } };
    return { status: 200, body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 180 } };
  };
  return {
    kind: 'airbyte',
    prefix: '/api/public/v1',
    settings: { id: ID },
    which: 'id',
    credentials: { id: 'canary-airbyte-id', secret: 'canary-airbyte-secret' },
    truth,
    answer(asked) {
      const path = asked.path.replace('/api/public/v1', '');
      if (path === '/applications/token') return token(asked);
      if (asked.headers['authorization'] !== `Bearer ${TOKEN}`) return { status: 401, body: { message: 'Unauthorized' } };
      if (path === '/jobs') return jobs(asked);
      const job = /^\/jobs\/(\d+)$/u.exec(path);
      if (asked.method === 'DELETE' && job !== null) {
        truth.inFlight = Math.max(0, truth.inFlight - 1);
        truth.cancelled += 1;
        return { status: 200, body: { jobId: Number(job[1]), status: 'cancelled', jobType: 'sync' } };
      }
      if (path !== `/connections/${ID}`) return { status: 404, body: { message: 'Could not find configuration for STANDARD_SYNC.' } };
      if (asked.method === 'PATCH') truth.paused = (asked.body as { readonly status?: unknown }).status === 'inactive';
      else if (asked.method !== 'GET') return NOT_FOUND;
      return { status: 200, body: { connectionId: ID, name: 'Shop to CRM', status: truth.paused ? 'inactive' : 'active' } };
    },
  };
}
