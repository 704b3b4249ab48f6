import { newTruth, type Vendor } from './vendor.js';

export interface HubspotTruth {
  /** Told when a write arrives, before it is looked at: someone may save another revision then. */
  beforeWrite: () => void;
  /** Someone saves it, with another action. */
  edit(): void;
}

/**
 * HubSpot's workflows API v4 (beta), by its guide: a workflow is written as a whole with the revision that it was read with. That
 * an old one is refused with 409 is assumed: no page says how.
 */
export function hubspotWorkflow(): Vendor & { readonly own: HubspotTruth } {
  const truth = newTruth();
  let flow: Readonly<Record<string, unknown>> = {
    name: 'Thank new leads',
    flowType: 'WORKFLOW',
    type: 'CONTACT_FLOW',
    startActionId: '1',
    actions: [{ actionId: '1', actionTypeId: '0-13', fields: { list_id: '178' } }],
    enrollmentCriteria: { type: 'EVENT_BASED', shouldReEnroll: false },
    timeWindows: [],
    blockedDates: [],
  };
  let revision = 7;
  const own: HubspotTruth = {
    beforeWrite: () => {},
    edit: () => {
      revision += 1;
      flow = { ...flow, actions: [...(flow['actions'] as unknown[]), { actionId: String(revision), actionTypeId: '0-9', fields: {} }] };
    },
  };
  const whole = () => ({
    id: '585051946',
    revisionId: String(revision),
    createdAt: '2024-06-07T17:27:08.101Z',
    updatedAt: '2024-06-07T17:31:11.263Z',
    ...flow,
    isEnabled: !truth.paused,
  });
  return {
    kind: 'hubspot-workflow',
    settings: { id: '585051946' },
    which: 'id',
    credentials: { token: 'canary-hs-token' },
    mostInFlight: 0,
    truth: Object.assign(truth, { how: () => flow }),
    own,
    answer(asked) {
      if (asked.headers['authorization'] !== 'Bearer canary-hs-token')
        return { status: 401, body: { status: 'error', message: 'Authentication credentials not found.', category: 'INVALID_AUTHENTICATION' } };
      if (asked.path !== '/automation/v4/flows/585051946')
        return { status: 404, body: { status: 'error', message: 'resource not found', category: 'OBJECT_NOT_FOUND' } };
      if (asked.method === 'PUT') {
        own.beforeWrite();
        const { revisionId, isEnabled, ...sent } = asked.body as Readonly<Record<string, unknown>>;
        if (revisionId !== String(revision))
          return { status: 409, body: { status: 'error', message: 'revision is not current', category: 'CONFLICT' } };
        if (typeof isEnabled !== 'boolean' || 'createdAt' in sent || 'updatedAt' in sent || 'id' in sent)
          return { status: 400, body: { status: 'error', message: 'Invalid input JSON', category: 'VALIDATION_ERROR' } };
        truth.paused = !isEnabled;
        flow = sent;
        revision += 1;
      }
      return { status: 200, body: whole() };
    },
  };
}
