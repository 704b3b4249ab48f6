import { expect, test } from 'vitest';

import { Redactor } from '../../src/lib/index.js';
import { gatherReport, reportHtml, reportMarkdown, withoutPersonalData } from '../../src/reports/index.js';
import { PLAN, RESTORE, RUN, standingClock, storyReport, writeStory } from './story.js';

test('a report holds the numbers of plans and restores exactly, by object type and by code', async () => {
  const { plans, restores } = await storyReport();
  expect(plans).toMatchObject([
    {
      id: PLAN,
      records: 3,
      of: 5e3,
      fields: 4,
      conflicts: { 'edited-since': 1 },
      writers: [
        {
          writer: 'INTEGRATION:777',
          changes: 4,
        },
      ],
      objects: [
        {
          object: 'contacts',
          records: 3,
          fields: 4,
          links: 1,
        },
      ],
      fieldCounts: [
        {
          field: 'email',
          changes: 3,
          emptied: 0,
          filled: 1,
          alike: true,
        },
        {
          field: 'firstname',
          changes: 1,
          emptied: 1,
        },
      ],
    },
  ]);
  expect(restores).toMatchObject([
    {
      id: RESTORE,
      plan: PLAN,
      // Journals of earlier versions say `done` whatever was left.
      state: 'partial',
      total: 4,
      applied: 2,
      moved: 1,
      rejected: 1,
      failed: 0,
      inDoubt: 0,
      undone: 0,
      objects: [
        {
          object: 'contacts',
          applied: 2,
          moved: 1,
          rejected: 1,
        },
      ],
      reasons: { 'unique-taken': 1 },
      correlationIds: ['6a1f2b1e-0d3c-4f6e-9c55-0f2f6f1b7a10'],
    },
  ]);
});

test('durations are those on record; what is not on record has none', async () => {
  const { spans, times } = await storyReport();
  expect(spans.map(({ name, ms }) => [name, ms])).toEqual([
    ['Began to detected', 34 * 60_000],
    ['Detected to opened', 60_000],
    ['Opened to first page accepted', 9000],
    ['Opened to first acknowledgement', 14 * 60_000],
    ['Opened to mitigated', 35 * 60_000 + 30_000],
    ['Opened to resolved', 65 * 60_000],
  ]);
  expect(times.resolved).toBe('2026-11-22T15:10:00.000Z');
  const { store, clock, incident } = await writeStory();
  const { beganAt: _began, detectedAt: _detected, resolvedAt: _resolved, firstAcknowledgedAt: _ack, ...bare } = incident;
  const less = await gatherReport({ ...bare, pages: [] }, { store, clock });
  expect(less.spans.filter(({ ms }) => ms !== undefined).map(({ name }) => name)).toEqual(['Opened to mitigated']);
  expect(reportMarkdown(less, { personal: false })).toContain('| Began to detected | not on record | not on record | unknown |');
});

test('action items begin with what the records show', async () => {
  const { findings } = await storyReport();
  expect(findings).toEqual([
    'Opened to first acknowledgement: took 14m (within 5m asked).',
    "Page failed: Lee Park's SMS (the number is not in service).",
    'Nobody could be paged there: schedule:crm-primary, nobody is on call.',
    `Unauthenticated approval by lee: "Approval for a large restore" of ${RUN}.`,
    `Run ${RUN} is partial: 2 changes remain.`,
    `1 change of ${RESTORE}: left alone, because someone had changed them.`,
    `1 change of ${RESTORE}: refused by the platform.`,
    `2 of 4 changes of ${PLAN} were not on the platform when it was verified.`,
    'The case at the support of hubspot has no number on record.',
  ]);
});

test('the timeline joins incident, run, restore and syncs in order, and says who and from where', async () => {
  const { timeline, runs, lastHash } = await storyReport();
  expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).sort());
  expect(new Set(timeline.map(({ source }) => source))).toEqual(
    new Set(['monitor', 'runback', 'respond', 'runbook', 'cli', 'run', 'restore', 'syncs']),
  );
  expect(timeline.find(({ text }) => text.startsWith('Page to'))?.text).toBe(
    'Page to Lee Park (sms) failed permanently after 3 attempts: the number is not in service.',
  );
  expect(lastHash).toMatch(/^[\da-f]{64}$/u);
  expect(runs[0]?.lastHash).toMatch(/^[\da-f]{64}$/u);
});

test('pauses made by a linked run and those made while it lasted are told; later ones are not', async () => {
  const { store, clock, incident } = await writeStory();
  const pause = (id: string, at: string, holder: string): Promise<unknown> =>
    store
      .document('sync-pauses', id)
      .update(() => ({ version: 1, id, holder, by: 'kim', reason: 'by hand', at, entries: [{ sync: id, earlier: 'running', state: 'paused' }] }));
  await pause('pause-by-hand', '2026-11-22T14:09:00.000Z', 'person:kim');
  await pause('pause-later', '2026-11-22T15:30:00.000Z', 'person:kim');
  await pause('pause-other-run', '2026-11-22T14:10:00.000Z', 'run-20261122-141000-zzzz/pause/1');
  const { syncs, findings } = await gatherReport(incident, { store, clock });
  expect(syncs.map(({ sync, state, run }) => [sync, state, run])).toEqual([
    ['pause-by-hand', 'paused', undefined],
    ['crm-to-marketing', 'resumed', RUN],
    ['weekly-import', 'left', RUN],
  ]);
  expect(findings).toContain('Sync pause-by-hand is still paused (pause-by-hand).');
});

test('records that are missing or strange do not prevent a report; it says so', async () => {
  const { store, clock, incident } = await writeStory();
  const link = (kind: 'run' | 'plan' | 'restore', id: string): Record<string, string> => ({ kind, id, at: incident.openedAt, by: 'maya' });
  await store.ledger('plans', 'plan-strange').write(['{"version":9}', '[]', '"text"', '{"kind":"change","fields":7}', 'not JSON']);
  const writer = await store.journal('runs', 'run-strange').open({ by: 'x', holder: 'x', purpose: 'x' });
  await writer.append({ by: 'x', type: 'run.created', data: { steps: [null, 7, { id: 3 }, { id: '__proto__' }], runbook: 'none' } });
  await writer.append({ by: 'x', type: 'step.outcome', step: '__proto__', data: { state: 'failed', error: 'text' } });
  await writer.append({ by: 'x', type: 'something.new', data: {} });
  await writer.close();
  const links = [
    ...incident.links,
    link('run', 'run-missing'),
    link('run', 'run-strange'),
    link('restore', 'restore-missing'),
    link('plan', 'plan-strange'),
  ];
  const report = await gatherReport({ ...incident, links: links as never }, { store, clock });
  expect(report.runs.map(({ id, problem }) => [id, problem !== undefined])).toEqual([
    [RUN, false],
    ['run-missing', true],
    ['run-strange', false],
  ]);
  expect(report.plans.find(({ id }) => id === 'plan-strange')?.problem).toBeDefined();
  expect(report.findings.filter((text) => text.includes('cannot be read to its end'))).toHaveLength(3);
  expect(reportHtml(report, { personal: true })).toContain('run-missing');
});

test('an incident without any work is a short report', async () => {
  const { clock } = await writeStory();
  const { store, incident } = await writeStory();
  const bare = { ...incident, links: [], pages: [], vendors: [], timeline: [], absorbed: [] };
  await store.document('sync-pauses', 'pause-20261122-141600-abcd').delete();
  const text = reportMarkdown(await gatherReport(bare, { store, clock }), { personal: false });
  for (const words of ['Nothing was restored', 'Nobody was paged', 'No sync was paused', 'No plan is linked', 'No support case'])
    expect(text).toContain(words);
});

test('secrets are in no report', async () => {
  const { store, incident } = await writeStory();
  const redactor = new Redactor();
  redactor.add('nightly');
  const report = await gatherReport(incident, { store, clock: standingClock('2026-11-22T16:00:00Z'), redactor });
  for (const text of [JSON.stringify(report), reportMarkdown(report, { personal: true }), reportHtml(report, { personal: true })]) {
    expect(text).not.toContain('nightly');
    expect(text).toContain('[redacted]'.slice(1, -1));
  }
});

test.each([false, true])('the report as files, with personal data: %s', async (personal) => {
  const report = await storyReport();
  const name = personal ? 'report-personal' : 'report';
  await expect(reportMarkdown(report, { personal })).toMatchFileSnapshot(`golden/${name}.md`);
  await expect(reportHtml(report, { personal })).toMatchFileSnapshot(`golden/${name}.html`);
});

test('without personal data it stays the same however often it is asked for', async () => {
  const report = await storyReport();
  const once = withoutPersonalData(report);
  expect(withoutPersonalData(once)).toEqual(once);
  expect(withoutPersonalData(report)).toEqual(once);
});
