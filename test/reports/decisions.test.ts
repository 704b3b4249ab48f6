import { expect, test } from 'vitest';

import { type Incident } from '../../src/incidents/index.js';
import { gatherReport, type ReportData, reportHtml, reportMarkdown, withoutPersonalData } from '../../src/reports/index.js';
import type { NewEntry, Store } from '../../src/store/index.js';
import { INCIDENT, PLAN, RESTORE, writeStory } from './story.js';

const SECOND = 'plan-20261122-142700-wxyz';
const OTHER_RUN = 'run-20261122-150000-abcd';

async function append(store: Store, kind: string, id: string, entries: readonly NewEntry[]): Promise<void> {
  const writer = await store.journal(kind, id).open({ by: 'maya', holder: id, purpose: 'a test' });
  for (const entry of entries) await writer.append(entry);
  await writer.close();
}

/** The story with a second run, in which people decide. */
async function decidedStory(): Promise<{ data: ReportData; store: Store; incident: Incident }> {
  const { store, clock, incident } = await writeStory();
  const steps = [
    { id: 'plan', title: 'Work out what was damaged', kind: 'action', action: 'restore.plan' },
    { id: 'review', title: 'Does this look like the damage?', kind: 'decide' },
    { id: 'allow', title: 'Approval for a large restore', kind: 'approve' },
    { id: 'told', title: 'Tell the team', kind: 'manual' },
    { id: 'resume', title: 'Start the syncs again', kind: 'action', action: 'syncs.resume' },
  ];
  const outcome = (plan: string): NewEntry => ({
    by: 'maya',
    type: 'step.outcome',
    step: 'plan',
    data: { state: 'succeeded', outputs: { plan, hash: 'h' } },
  });
  const decision = (by: string, step: string, data: object): NewEntry => ({ by, type: 'decision', step, data: { ...data } });
  await append(store, 'runs', OTHER_RUN, [
    { by: 'maya', type: 'run.created', data: { runbook: { id: 'mass-overwrite', title: 'Undo a mass overwrite' }, steps, inputs: {}, limits: {} } },
    outcome(PLAN),
    decision('lee', 'review', {
      kind: 'decide',
      value: 'narrow',
      effect: 'go_to',
      go_to: 'plan',
      reset: ['plan', 'review'],
      over: [],
      inputs: { filter: { except_fields: ['loyalty_points'], where: 'base.email == "ann.archer@example.org"' } },
      note: 'the sync wrote those rightly',
    }),
    outcome(SECOND),
    decision('lee', 'review', { kind: 'decide', value: 'yes', effect: 'continue' }),
    {
      by: 'kim',
      type: 'approval.refused',
      step: 'allow',
      data: { of: 'h', authority: 'approve-restore', because: 'answer', why: 'refuse', note: 'too many' },
    },
    decision('maya', 'allow', { kind: 'decide', value: 'back', effect: 'go_to', go_to: 'review', reset: [], over: [] }),
    { by: 'lee', type: 'takeover', data: { from: 'maya' } },
    decision('lee', 'told', { kind: 'failed', value: 'skip', effect: 'skip' }),
    decision('lee', 'told', { kind: 'rule', value: 'continue', effect: 'continue' }),
    decision('dana', 'resume', { kind: 'confirm', value: 'resume-unverified', effect: 'continue', note: 'payments wait' }),
    { by: 'dana', type: 'lock.taken', data: { lock: 'platform-hubspot', from: { by: 'maya' } } },
    { by: 'dana', type: 'run.closed', data: { state: 'abandoned', because: 'done by hand' } },
  ]);
  const links = [...incident.links, { kind: 'run' as const, id: OTHER_RUN, at: incident.openedAt, by: 'maya' }];
  const tied = { ...incident, links };
  return { data: await gatherReport(tied, { store, clock }), store, incident: tied };
}

// A user would lose: who decided what. An audit asks for nothing else, and it stood in no report.
test('every decision of a person is listed: who, what, their answer and their reason; those of rules are not', async () => {
  const { data } = await decidedStory();
  const ofRun = data.decisions.filter(({ evidence }) => evidence.id === OTHER_RUN);
  expect(ofRun.map(({ by, kind, answer, why }) => [by, kind, answer, why])).toEqual([
    ['lee', 'narrowed', expect.stringContaining('loyalty_points'), 'the sync wrote those rightly'],
    ['lee', 'answered', 'yes', undefined],
    ['kim', 'refused', 'refuse', 'too many'],
    ['maya', 'refused', 'back', undefined],
    ['lee', 'took over', undefined, undefined],
    ['lee', 'skipped', 'skip', undefined],
    ['dana', 'overrode', 'resume-unverified', 'payments wait'],
    ['dana', 'took a lock', undefined, undefined],
    ['dana', 'gave up', undefined, 'done by hand'],
  ]);
  expect(data.decisions.map(({ at }) => at)).toEqual(data.decisions.map(({ at }) => at).sort());
  expect(data.decisions.filter(({ kind }) => kind === 'incident').map(({ what }) => what)).toContain('Acknowledged.');
  const text = reportMarkdown(data, { personal: false });
  expect(text).toContain('## Decisions');
  expect(text).toContain('too many');
  // What a person typed as a limit may hold a value of a record.
  expect(text).not.toContain('ann.archer@example.org');
});

test('the plan that a step made in the place of another names the person who asked for it', async () => {
  const { data } = await decidedStory();
  expect(data.runs.find(({ id }) => id === OTHER_RUN)?.replaced).toEqual([
    { plan: PLAN, by: SECOND, person: 'lee', at: expect.any(String), limits: expect.stringContaining('loyalty_points') },
  ]);
  // It was applied all the same, by the first run: then it counts.
  expect(data.plans.find(({ id }) => id === PLAN)).toMatchObject({ applied: true });
});

test('pauses belong to the incident that they name, whatever their times say; those that name none, to the time it lasted', async () => {
  const { store, clock, incident } = await writeStory();
  const pause = (id: string, at: string, more: object): Promise<unknown> =>
    store.document('sync-pauses', id).update(() => ({
      version: 1,
      id,
      holder: 'person:kim',
      by: 'kim',
      reason: 'by hand',
      at,
      entries: [{ sync: id, earlier: 'running', state: 'resumed' }],
      ...more,
    }));
  await pause('pause-own-early', '2026-11-21T00:00:00.000Z', {
    incidents: [INCIDENT],
    resumedAt: '2026-11-22T15:00:00.000Z',
    resumedBy: 'dana',
    override: true,
  });
  await pause('pause-other-inside', '2026-11-22T14:30:00.000Z', { incidents: ['inc-20261122-000000-zzzz'] });
  await pause('pause-none-inside', '2026-11-22T14:31:00.000Z', { incidents: [] });
  await pause('pause-old-inside', '2026-11-22T14:32:00.000Z', {});
  await pause('pause-old-later', '2026-11-22T15:40:00.000Z', {});
  await pause('pause-absorbed', '2026-11-20T00:00:00.000Z', { incidents: ['inc-20261122-140700-wxyz'] });
  const { syncs, decisions } = await gatherReport(incident, { store, clock });
  const byHand = syncs.filter(({ run }) => run === undefined).map(({ pause: id }) => id);
  expect(byHand).toEqual(['pause-absorbed', 'pause-own-early', 'pause-old-inside']);
  expect(decisions).toContainEqual(expect.objectContaining({ by: 'dana', kind: 'overrode', evidence: { kind: 'pause', id: 'pause-own-early' } }));
});

test('restores by hand belong to the incident that they name; those of earlier versions, to the one that was open on their platform', async () => {
  const { store, clock, incident } = await writeStory();
  const created = { plan: 'plan-x', hash: 'h', platform: 'hubspot', account: '62515', total: 1, confirmed: 'x:1', settings: {}, approvals: [] };
  const begin = async (id: string, at: string, data: object): Promise<void> => {
    clock.now = () => new Date(at);
    await append(store, 'restores', id, [{ by: 'kim', type: 'restore.created', data: { ...created, ...data } }]);
  };
  const inside = '2026-11-22T14:30:00.000Z';
  await begin('restore-a-own', '2026-11-20T00:00:00.000Z', { step: null, incidents: [INCIDENT] });
  await begin('restore-b-none', inside, { step: null, incidents: [] });
  await begin('restore-c-old', inside, {});
  await begin('restore-d-old-later', '2026-11-22T15:40:00.000Z', {});
  await begin('restore-e-old-elsewhere', inside, { platform: 'warehouse' });
  await begin('restore-f-other-run', inside, { run: 'run-20261122-141000-zzzz', step: 'run-20261122-141000-zzzz/apply/1' });
  clock.now = () => new Date('2026-11-22T16:00:00.000Z');
  const { restores } = await gatherReport(incident, { store, clock });
  expect(restores.map(({ id }) => id)).toEqual([RESTORE, 'restore-a-own', 'restore-c-old']);
});

test('pages that failed are told by whom they were for, and grouped by what they are, not by the words of a line or its time', async () => {
  const { store, clock, incident } = await writeStory();
  const timeline = incident.timeline.map((line) => (line.type === 'incident.noted' ? { ...line, text: 'Page 7 of the handbook failed us.' } : line));
  const data = await gatherReport({ ...incident, timeline }, { store, clock });
  expect(data.timeline.map(({ text }) => text)).toContain('Page 7 of the handbook failed us.');
  expect(incident.timeline.find(({ type }) => type === 'page.settled')).toMatchObject({
    page: `${INCIDENT}.1.1.0.0`,
    text: 'Page to Lee Park (sms) failed permanently after 3 attempts: the number is not in service.',
  });
});

test('records are shown by name, address and the page that opens them; without personal data by their key and that page', async () => {
  const { store, clock, incident } = await writeStory();
  const page = (key: string): string => `https://app.hubspot.com/contacts/62515/record/0-1/${key}`;
  const looks = (plan: string, records: readonly { readonly object: string; readonly key: string }[]) => {
    expect(plan).toBe(PLAN);
    expect(records.length).toBeGreaterThan(0);
    return Promise.resolve((_: string, key: string) => ({ name: 'Zoë Quark', address: 'zoe@example.org', page: page(key) }));
  };
  const data = await gatherReport({ ...incident, impact: 'Zoë Quark had the mail of others.' }, { store, clock, looks });
  const open = reportMarkdown(data, { personal: true });
  expect(open).toContain('Zoë Quark');
  expect(open).toContain(`[1003](<${page('1003')}>)`);
  expect(reportHtml(data, { personal: true })).toContain(`<a href="${page('1004')}" rel="noreferrer"><code>1004</code></a>`);
  expect(data.headline.examples[0]).toMatchObject({ key: '1001', name: 'Zoë Quark', page: page('1001') });
  for (const text of [JSON.stringify(withoutPersonalData(data)), reportMarkdown(data, { personal: false }), reportHtml(data, { personal: false })]) {
    expect(text).not.toMatch(/Zoë|Quark|zoe@/u);
    expect(text).toContain(page('1001'));
  }
});

test('a page that is no address of the web opens nothing', async () => {
  const { store, clock, incident } = await writeStory();
  const looks = () => Promise.resolve(() => ({ page: 'javascript:alert(1)' }));
  const data = await gatherReport(incident, { store, clock, looks });
  expect(reportHtml(data, { personal: true })).not.toContain('javascript:');
  expect(reportMarkdown(data, { personal: true })).not.toContain('javascript');
});
