import type { Escalation, Vendor } from '../../src/escalation/index.js';
import { type Incident } from '../../src/incidents/index.js';
import { foldIncident } from '../../src/incidents/state/fold.js';
import { canonicalJson, type Clock, sha256 } from '../../src/lib/index.js';
import { gatherReport, type ReportData } from '../../src/reports/index.js';
import type { NewEntry, Store } from '../../src/store/index.js';
import { temporaryStore } from '../support/store.js';

/** A clock that stands where it was set. */
export function standingClock(start: string): Clock & { set(iso: string): void } {
  let now = new Date(start);
  return { now: () => now, monotonicMs: () => now.getTime(), sleep: () => Promise.resolve(), set: (iso) => (now = new Date(iso)) };
}

export const INCIDENT = 'inc-20261122-140500-abcd';
export const RUN = 'run-20261122-141500-abcd';
export const PLAN = 'plan-20261122-142500-abcd';
export const RESTORE = 'restore-20261122-143500-abcd';
const PAUSE = 'pause-20261122-141600-abcd';
const at = (time: string): string => `2026-11-22T${time}.000Z`;

/** Words that people and platforms put into the story. */
export interface Words {
  readonly title: string;
  readonly summary: string;
  readonly impact: string;
  readonly note: string;
  readonly refusal: string;
  readonly damaged: string;
}

export const WORDS: Words = {
  title: 'One e-mail address on many contacts',
  summary: 'The nightly sync wrote broken@sync.example over the address of every contact it touched. Ann Archer called from +1 (555) 010-4477.',
  impact: '256 customers would have had the mail of somebody else.',
  note: 'Seen by ann.archer@example.org first; contact 1001 is hers.',
  refusal: 'Property values were not valid: "ann.archer@example.org" is taken by another contact',
  damaged: 'broken@sync.example',
};

type Line = readonly [at: string, entry: NewEntry];

/**
 * Writes an incident from the opening to its end, with its run, plan, restore and pause, as the parts that write them
 * do.
 */
export async function writeStory(words: Words = WORDS): Promise<{ store: Store; clock: Clock; incident: Incident }> {
  const clock = standingClock(at('14:00:00'));
  const { store } = await temporaryStore(clock);
  const append = async (kind: string, id: string, lines: readonly Line[]): Promise<void> => {
    const writer = await store.journal(kind, id).open({ by: 'maya', holder: id, purpose: 'a test' });
    for (const [time, entry] of lines) {
      clock.set(at(time));
      await writer.append(entry);
    }
    await writer.close();
  };
  await store.document<Escalation>('policies', 'policy').update(() => POLICY);
  const planHash = await writePlan(store, words);
  await append('restores', RESTORE, restoreLines(words, planHash));
  await append('runs', RUN, runLines(words, planHash));
  await store.document('sync-pauses', PAUSE).update(() => ({
    version: 1,
    id: PAUSE,
    holder: `${RUN}/pause/1`,
    by: 'maya',
    reason: 'Undo a mass overwrite',
    at: at('14:16:00'),
    resumedAt: at('14:52:00'),
    resumedBy: 'lee',
    entries: [
      {
        sync: 'crm-to-marketing',
        earlier: 'running',
        state: 'resumed',
        inFlight: 0,
      },
      {
        sync: 'weekly-import',
        earlier: 'paused',
        state: 'left',
        why: 'it was paused before',
      },
    ],
  }));
  await append('incidents', INCIDENT, incidentLines(words));
  const entries = [];
  for await (const entry of store.journal('incidents', INCIDENT).read()) entries.push(entry);
  clock.set(at('16:00:00'));
  return { store, clock, incident: foldIncident(INCIDENT, entries) };
}

export async function storyReport(words: Words = WORDS): Promise<ReportData> {
  const { store, clock, incident } = await writeStory(words);
  return await gatherReport(incident, { store, clock });
}

async function writePlan(store: Store, words: Words): Promise<string> {
  const writer = 'INTEGRATION:777';
  const attribution = { state: 'attributed', writer, at: at('13:30:10') };
  const change = (n: number, key: string, fields: Record<string, unknown>): unknown => ({
    kind: 'change',
    n,
    action: 'update',
    object: 'contacts',
    key,
    fields,
    why: 'damaged by the sync',
    attribution,
  });
  const lines: unknown[] = [
    change(1, '1001', { email: { from: words.damaged, to: 'ann.archer@example.org' }, firstname: { from: null, to: 'Ann Archer' } }),
    change(2, '1002', { email: { from: words.damaged, to: 'bo@example.org' } }),
    change(3, '1003', { email: { from: words.damaged, to: null } }),
    {
      kind: 'change',
      n: 4,
      action: 'link',
      link: 'primary',
      why: 'a link is gone',
      attribution,
      from: {
        object: 'contacts',
        key: '1002',
      },
      to: {
        object: 'companies',
        key: '7',
      },
    },
    {
      kind: 'conflict',
      id: 'contacts/1004/email',
      code: 'edited-since',
      object: 'contacts',
      key: '1004',
      field: 'email',
      base: 'cy@example.org',
      damaged: words.damaged,
      live: 'new@example.org',
      message: 'edited',
      choices: {},
    },
  ];
  const header = canonicalJson({
    version: 1,
    id: PLAN,
    platform: 'hubspot',
    account: '62515',
    environment: 'production',
    base: {
      snapshot: 'snap-20261122-020000-good',
      digest: 'b',
    },
    damaged: {
      snapshot: 'snap-20261122-142000-evid',
      digest: 'd',
    },
    filters: {
      unattributed: 'refuse',
      deleteCreated: false,
    },
    counts: {
      records: 3,
      of: 5e3,
      cells: 4,
      actions: {
        update: 3,
        link: 1,
      },
      conflicts: { 'edited-since': 1 },
      nothingToDo: 2,
    },
    createdBy: 'maya',
    createdAt: at('14:25:00'),
    digest: 'x',
  });
  await store.ledger('plans', PLAN).write([header, ...lines.map((line) => canonicalJson(line))]);
  return sha256(header);
}

function restoreLines(words: Words, hash: string): readonly Line[] {
  const by = 'maya';
  const item = (id: string, key: string): unknown => ({ id, action: 'update', object: 'contacts', key, set: {}, replaced: {} });
  return [
    [
      '14:35:00',
      {
        by,
        type: 'restore.created',
        data: { plan: PLAN, hash, run: RUN, platform: 'hubspot', account: '62515', total: 4, confirmed: 'production:3', settings: {}, approvals: [] },
      },
    ],
    ['14:35:01', { by, type: 'batch.intent', data: { batch: 1, items: [item('1', '1001'), item('2', '1002'), item('3', '1003')] } }],
    [
      '14:35:02',
      {
        by,
        type: 'batch.outcome',
        data: {
          batch: 1,
          results: [
            { id: '1', status: 'rejected', reason: 'unique-taken', message: words.refusal, correlationId: '6a1f2b1e-0d3c-4f6e-9c55-0f2f6f1b7a10' },
            { id: '2', status: 'applied', key: '1002' },
            { id: '3', status: 'moved', message: 'the record was changed since the plan was made' },
          ],
        },
      },
    ],
    [
      '14:35:03',
      {
        by,
        type: 'batch.intent',
        data: {
          batch: 2,
          items: [{ id: '4', action: 'link', link: 'primary', fromObject: 'contacts', toObject: 'companies', from: '1002', to: '7' }],
        },
      },
    ],
    ['14:35:04', { by, type: 'batch.outcome', data: { batch: 2, results: [{ id: '4', status: 'applied' }] } }],
    ['14:36:00', { by, type: 'restore.closed', data: { state: 'done' } }],
  ];
}

function runLines(words: Words, planHash: string): readonly Line[] {
  const by = 'maya';
  const steps = [
    { id: 'pause', title: 'Stop every sync', kind: 'action', action: 'syncs.pause' },
    { id: 'plan', title: 'Work out what was damaged', kind: 'action', action: 'restore.plan' },
    { id: 'allow', title: 'Approval for a large restore', kind: 'approve' },
    { id: 'apply', title: 'Put the good values back', kind: 'action', action: 'restore.apply' },
    { id: 'verify', title: 'Prove it', kind: 'action', action: 'restore.verify' },
  ];
  const intent = (step: string): NewEntry => ({
    by,
    type: 'step.intent',
    step,
    attempt: 1,
    data: { kind: 'action', inputs: {}, effect: 'idempotent', key: `${RUN}/${step}/1` },
  });
  const outcome = (step: string, outputs: Record<string, unknown>): NewEntry => ({
    by,
    type: 'step.outcome',
    step,
    attempt: 1,
    data: { state: 'succeeded', outputs },
  });
  const error = {
    code: 'platform-unreachable',
    message: 'Platform hubspot: HubSpot reports a problem (status 502)',
    data: { status: 502, correlationId: '0b7c9a44-5a52-4d8a-8a3c-6f3f0a5f2c11' },
  };
  return [
    [
      '14:15:00',
      {
        by,
        type: 'run.created',
        data: { runbook: { id: 'mass-overwrite', title: 'Undo a mass overwrite', digest: 'd', text: '', file: 'f' }, steps, inputs: {}, limits: {} },
      },
    ],
    ['14:15:30', intent('pause')],
    ['14:17:00', outcome('pause', { id: PAUSE, paused: ['crm-to-marketing'], count: 2 })],
    ['14:24:00', intent('plan')],
    ['14:24:30', { by, type: 'step.outcome', step: 'plan', attempt: 1, data: { state: 'failed', error, class: 'transient' } }],
    ['14:24:40', intent('plan')],
    ['14:25:00', outcome('plan', { plan: PLAN, hash: planHash, records: 3 })],
    ['14:26:00', { by, type: 'run.stopped', data: { reason: 'question', waitingFor: 'an approval' } }],
    ['14:30:00', { by: 'lee', type: 'run.resumed' }],
    [
      '14:31:00',
      { by: 'lee', type: 'approval', step: 'allow', data: { of: planHash, authority: 'approve-restore', authenticated: false, note: words.note } },
    ],
    ['14:35:00', intent('apply')],
    ['14:36:00', outcome('apply', { restore: RESTORE, plan: PLAN, applied: 2, total: 4 })],
    ['14:38:00', intent('verify')],
    ['14:39:00', outcome('verify', { plan: PLAN, checked: 4, remaining: 2, conflicts: 1 })],
    ['14:40:00', { by, type: 'run.closed', data: { state: 'partial', because: '2 changes remain' } }],
  ];
}

function incidentLines(words: Words): readonly Line[] {
  const [by, source] = ['maya', 'cli'];
  const to = (person: string, name: string, medium: string): unknown => ({
    channel: medium === 'sms' ? 'phones' : 'mail',
    person,
    name,
    medium,
    value: `${person}@example.com`,
  });
  const slack = { channel: 'ops-slack', medium: 'channel' };
  const settled = (key: string, state: string, attempts: number, more: object = {}): NewEntry => ({
    by: 'runback',
    type: 'page.settled',
    data: { key: `${INCIDENT}.${key}`, state, attempts, ...more },
  });
  return [
    [
      '14:05:00',
      {
        by: 'runback',
        type: 'incident.opened',
        data: {
          title: words.title,
          severity: 'sev1',
          summary: words.summary,
          impact: words.impact,
          platforms: ['hubspot'],
          source: 'monitor',
          beganAt: at('13:30:00'),
          detectedAt: at('14:04:00'),
          policy: 'policy',
        },
      },
    ],
    [
      '14:05:01',
      {
        by: 'runback',
        type: 'rung.fired',
        data: {
          index: 0,
          level: 1,
          round: 1,
          exhausted: false,
          grants: 'operator',
          vendors: [],
          unreachable: [
            {
              target: 2,
              step: 0,
              why: 'nobody is on call',
            },
          ],
          targets: [
            {
              ref: 'person:maya',
              person: 'maya',
            },
            {
              ref: 'channel:ops-slack',
              channel: 'ops-slack',
            },
            { ref: 'schedule:crm-primary' },
          ],
          pages: [
            {
              key: `${INCIDENT}.1.0.0.0`,
              to: to('maya', 'Maya Ortiz', 'email'),
              target: 0,
              step: 0,
            },
            {
              key: `${INCIDENT}.1.0.1.0`,
              to: slack,
              target: 1,
              step: 0,
            },
          ],
        },
      },
    ],
    ['14:05:09', settled('1.0.1.0', 'accepted', 1)],
    ['14:05:20', settled('1.0.0.0', 'accepted', 2, { bundle: 'bundle-1' })],
    [
      '14:10:01',
      {
        by: 'runback',
        type: 'rung.fired',
        data: {
          index: 1,
          level: 2,
          round: 1,
          exhausted: false,
          vendors: [],
          unreachable: [],
          targets: [
            {
              ref: 'person:lee',
              person: 'lee',
            },
          ],
          pages: [
            {
              key: `${INCIDENT}.1.1.0.0`,
              to: to('lee', 'Lee Park', 'sms'),
              target: 0,
              step: 0,
            },
          ],
        },
      },
    ],
    ['14:10:30', settled('1.1.0.0', 'failed', 3, { why: 'the number is not in service' })],
    ['14:19:00', { by, type: 'incident.acknowledged', data: { source: 'respond' } }],
    ['14:19:30', { by, type: 'incident.linked', data: { kind: 'run', id: RUN, source: 'runbook' } }],
    [
      '14:20:00',
      { by, type: 'incident.linked', data: { kind: 'snapshot', id: 'snap-20261122-142000-evid', what: 'the evidence', source: 'runbook' } },
    ],
    ['14:22:00', { by, type: 'incident.noted', data: { text: words.note, update: true, source } }],
    ['14:28:00', { by, type: 'vendor.engaged', data: { vendor: 'hubspot', followUpAt: at('18:00:00'), source } }],
    [
      '14:33:00',
      { by: 'runback', type: 'incident.absorbed', data: { from: 'inc-20261122-140700-wxyz', title: 'Replies to the wrong person', source } },
    ],
    ['14:40:30', { by, type: 'incident.mitigated', data: { what: 'The sync is paused and the addresses are back', source } }],
    ['15:10:00', { by: 'lee', type: 'incident.resolved', data: { what: 'Proved and running again', source } }],
  ];
}

const severity = { policy: 'critical', quietHours: 'ignore', ackExpiresMs: 3_600_000 } as const;

export const HUBSPOT: Vendor = {
  support: 'https://app.hubspot.com/help',
  account: { portal: '62515' },
  caseFields: ['portal', 'correlation_ids', 'window', 'objects', 'records', 'impact', 'plan tier'],
};

const POLICY: Escalation = {
  version: 1,
  timezone: 'America/New_York',
  people: {
    maya: { name: 'Maya Ortiz', email: 'maya@example.com', contact: [{ kind: 'email', afterMs: 0 }] },
    lee: { name: 'Lee Park', email: 'lee@example.com', contact: [{ kind: 'sms', afterMs: 0 }] },
  },
  schedules: {},
  channels: {},
  authority: {},
  approvals: { inPerson: true, unauthenticated: true },
  severities: { sev1: { means: 'Customer data is being corrupted or lost', ...severity }, sev2: { means: 'Wrong', ...severity } },
  policies: {
    critical: {
      repeat: 0,
      levels: [{ notify: ['person:maya'], ackWithinMs: 300_000, vendors: [] }],
      exhausted: { notify: ['person:lee'], everyMs: 900_000 },
    },
  },
  vendors: {
    hubspot: HUBSPOT,
  },
  caps: { burst: 5, everyMs: 60_000 },
};
