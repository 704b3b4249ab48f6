import { newTruth, numbered, type Vendor } from './vendor.js';

export interface WorkatoTruth {
  /** Jobs that have run since the recipe was started. */
  ran: number;
  /** A start is answered 200 with `success: false`, and the recipe stays stopped: a connection has expired. */
  refusesStart: boolean;
}

/** Workato's developer API, by its pages: jobs that are pending run as soon as the recipe starts; a start that fails is a success. */
export function workato(): Vendor & { readonly own: WorkatoTruth } {
  const truth = newTruth();
  const own: WorkatoTruth = { ran: 0, refusesStart: false };
  const jobs = () => numbered(truth.waiting).map((id) => ({ id: `j-${String(id)}`, status: 'pending', is_poll_error: false }));
  return {
    kind: 'workato',
    settings: { id: '28904' },
    which: 'id',
    credentials: { token: 'canary-workato-token' },
    mostInFlight: 0,
    truth,
    own,
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-workato-token') return { status: 401, body: { message: 'Unauthorized' } };
      if (asked.path === '/api/recipes/28904/jobs')
        return { status: 200, body: { job_count: truth.waiting, items: asked.query.get('status') === 'pending' ? jobs() : [] } };
      if (asked.path === '/api/recipes/28904') return { status: 200, body: { id: 28904, name: 'Leads', running: !truth.paused, stop_cause: null } };
      if (asked.method !== 'PUT' || !asked.path.startsWith('/api/recipes/28904/')) return { status: 404, body: { message: 'Not found' } };
      if (asked.path.endsWith('/stop')) truth.paused = true;
      else if (own.refusesStart) return { status: 200, body: { success: false, code_errors: [], config_errors: [[1, [['account', 'expired']]]] } };
      else {
        truth.paused = false;
        own.ran += truth.waiting;
        truth.waiting = 0;
      }
      return { status: 200, body: { success: true } };
    },
  };
}
