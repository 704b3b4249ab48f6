import type { Answer, Asked } from './kit.js';
import { newTruth, type Vendor } from './vendor.js';

const FLOW = '3005g000001AbCdAAK';
const JOB = '08e5g00000abcdeAAA';
const TOKEN = 'canary-sf-session';

/** What every address of it asks for: a token by client credentials, without a time that it lasts. */
function signedIn(asked: Asked): Answer | undefined {
  if (asked.path === '/services/oauth2/token') {
    const { client_id: id, client_secret: secret } = asked.body as Readonly<Record<string, unknown>>;
    if (id === 'canary-sf-id' && secret === 'canary-sf-secret') return { status: 200, body: { access_token: TOKEN, token_type: 'Bearer' } };
    return { status: 400, body: { error: 'invalid_client', error_description: 'invalid client credentials' } };
  }
  if (asked.headers['authorization'] === `Bearer ${TOKEN}`) return undefined;
  return { status: 401, body: [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }] };
}

const NOT_THERE: Answer = { status: 404, body: [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }] };
const credentials = { id: 'canary-sf-id', secret: 'canary-sf-secret' };

/** One flow by the Tooling API's FlowDefinition: version 3 of 5 is active, and is to be again. Writes are answered 204. */
export function salesforceFlow(): Vendor {
  let version = 3;
  return {
    kind: 'salesforce-flow',
    settings: { id: FLOW },
    which: 'id',
    credentials,
    mostInFlight: 0,
    truth: {
      ...newTruth(),
      how: () => version,
      get paused() {
        return version === 0;
      },
      set paused(paused: boolean) {
        version = paused ? 0 : 3;
      },
    },
    answer(asked) {
      const refused = signedIn(asked);
      if (refused !== undefined) return refused;
      if (asked.path !== `/services/data/v61.0/tooling/sobjects/FlowDefinition/${FLOW}`) return NOT_THERE;
      if (asked.method === 'PATCH') {
        const { activeVersionNumber } = (asked.body as { readonly Metadata: { readonly activeVersionNumber?: unknown } }).Metadata;
        if (typeof activeVersionNumber !== 'number' || activeVersionNumber > 5)
          return { status: 400, body: [{ errorCode: 'INVALID_FIELD', message: 'activeVersionNumber is no version' }] };
        version = activeVersionNumber;
        return { status: 204 };
      }
      const metadata = { activeVersionNumber: version === 0 ? null : version, masterLabel: 'Thank new leads' };
      return {
        status: 200,
        body: { Id: FLOW, DeveloperName: 'Thank', ActiveVersionId: version === 0 ? null : `301${String(version)}`, Metadata: metadata },
      };
    },
  };
}

/** One scheduled job, which can only be looked at: by the object reference, CronTrigger supports query and retrieve. */
export function salesforceJob(): Vendor {
  const truth = newTruth();
  return {
    kind: 'salesforce-job',
    settings: { id: JOB },
    which: 'id',
    credentials,
    truth,
    answer(asked) {
      const refused = signedIn(asked);
      if (refused !== undefined) return refused;
      if (asked.path !== `/services/data/v61.0/sobjects/CronTrigger/${JOB}`) return NOT_THERE;
      if (asked.method !== 'GET') return { status: 405, body: [{ errorCode: 'METHOD_NOT_ALLOWED', message: 'not supported' }] };
      return { status: 200, body: { Id: JOB, State: truth.paused ? 'PAUSED' : truth.inFlight > 0 ? 'EXECUTING' : 'WAITING', NextFireTime: null } };
    },
  };
}
