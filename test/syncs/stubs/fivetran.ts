import { newTruth, type Vendor } from './vendor.js';

const ID = 'canopied_mitigate';

/** What Fivetran does with a pause that meets a running sync. */
export interface FivetranTruth {
  /** Times that its state is asked for before it tells a change. */
  late: number;
  /** A pause while a sync runs is answered 500, as its page on syncs that do not stop within 60 seconds says. */
  failsWhileSyncing: boolean;
}

/**
 * Fivetran's REST API v1, by its reference: Basic of key and secret; `data.paused` beside `data.status.sync_state`, which stays
 * `syncing` until the sync has ended; errors have `code` and `message`.
 */
export function fivetran(): Vendor & { readonly own: FivetranTruth } {
  const truth = newTruth();
  const own: FivetranTruth = { late: 0, failsWhileSyncing: false };
  let told = false;
  let asks = 0;
  const right = `Basic ${Buffer.from('canary-ft-key:canary-ft-secret').toString('base64')}`;
  const data = () => {
    if (told !== truth.paused && (asks += 1) > own.late) told = truth.paused;
    return {
      id: ID,
      service: 'salesforce',
      paused: told,
      status: { setup_state: 'connected', sync_state: truth.inFlight > 0 ? 'syncing' : told ? 'paused' : 'scheduled' },
    };
  };
  return {
    kind: 'fivetran',
    settings: { id: ID },
    which: 'id',
    credentials: { key: 'canary-ft-key', secret: 'canary-ft-secret' },
    mostInFlight: 1,
    truth,
    own,
    answer(asked) {
      if (asked.headers['authorization'] !== right)
        return { status: 401, body: { code: 'AuthFailed', message: 'Invalid authorization credentials' } };
      if (asked.path !== `/v1/connections/${ID}`)
        return { status: 404, body: { code: 'NotFound_Connection', message: 'Connection with such id does not exist.' } };
      if (asked.method === 'PATCH') {
        truth.paused = (asked.body as { readonly paused?: unknown }).paused === true;
        asks = 0;
        if (own.late === 0) told = truth.paused;
        if (own.failsWhileSyncing && truth.inFlight > 0)
          return { status: 500, body: { code: 'InternalError', message: 'Failed to stop in-progress sync after trying for 60 seconds' } };
      }
      return { status: 200, body: { code: 'Success', data: data() } };
    },
  };
}
