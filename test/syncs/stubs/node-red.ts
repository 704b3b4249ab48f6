import { newTruth, type Vendor } from './vendor.js';

/** Node-RED's admin API: the state of all flows, written as a form. Proven against the engine itself by test/engines/node-red.test.ts. */
export function nodeRed(): Vendor {
  const truth = newTruth();
  return {
    kind: 'node-red',
    settings: {},
    which: '',
    credentials: { token: 'canary-nr-token' },
    mostInFlight: 0,
    truth,
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-nr-token') return { status: 401 };
      if (asked.path !== '/flows/state') return { status: 404 };
      if (asked.method === 'POST') truth.paused = (asked.body as { readonly state?: unknown }).state === 'stop';
      return { status: 200, body: { state: truth.paused ? 'stop' : 'start' } };
    },
  };
}

/** One flow of it, written as a whole. */
export function nodeRedFlow(): Vendor {
  const truth = newTruth();
  let flow: Readonly<Record<string, unknown>> = {
    id: 'f1',
    label: 'Leads',
    nodes: [{ id: 'n1', type: 'inject', wires: [[]] }],
    configs: [],
    env: [],
  };
  return {
    kind: 'node-red-flow',
    settings: { id: 'f1' },
    which: 'id',
    credentials: { token: 'canary-nr-token' },
    mostInFlight: 0,
    truth: Object.assign(truth, { how: () => flow }),
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-nr-token') return { status: 401 };
      if (asked.path !== '/flow/f1') return { status: 404, body: { code: 'not_found', message: 'Flow not found' } };
      if (asked.method === 'PUT') {
        const { disabled, ...sent } = asked.body as Readonly<Record<string, unknown>>;
        truth.paused = disabled === true;
        flow = sent;
        return { status: 200, body: { id: 'f1' } };
      }
      return { status: 200, body: { ...flow, ...(truth.paused ? { disabled: true } : {}) } };
    },
  };
}
