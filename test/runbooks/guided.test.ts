import { describe, expect, test } from 'vitest';

import type { RunbackError } from '../../src/lib/index.js';
import { loadRunbook, readRun, resumeRun, startRun, undoRun, verifyEvidence } from '../../src/runbooks/index.js';
import { WORKS_AT } from '../support/restore-world.js';
import { book, contacts, stage, typed, yes } from './stage.js';
import { rejection, runOf, scripted } from './support.js';

describe.each(['crm', 'database'] as const)('a person is led through, on a %s', (kind) => {
  test('a mass overwrite: the damage is undone, the edit of a colleague stays, and the syncs run again', async () => {
    const it = await stage(kind);
    const base = await it.world.take();
    for (let n = 0; n < 6; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'WRONG', phone: '' }, 'sync:7');
    it.world.connector.put('contacts', 'c9', { phone: '+43 1 234' }, 'user:lee');
    const operator = scripted(yes);
    const run = await startRun({ runbook: await loadRunbook(book('mass-overwrite')), inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, {
      operator,
    });
    expect(run.state).toBe('succeeded');
    expect(Object.fromEntries(run.steps.map((step) => [step.id, step.state]))).toMatchObject({
      apply: 'succeeded',
      verify: 'succeeded',
      resume: 'succeeded',
      allow: 'succeeded',
    });
    for (let n = 0; n < 6; n += 1) expect(contacts(it)[`c${n}`]).toMatchObject({ name: `Person ${n}`, phone: `${n}` });
    expect(contacts(it)['c9']).toMatchObject({ phone: '+43 1 234' });
    expect(it.integration.state).toMatchObject({ paused: false, pauses: 1, resumes: 1 });
    expect(operator.asked.find((question) => question.key === 'apply')).toMatchObject({ kind: 'confirm', expect: 'sandbox:6' });
    expect(operator.asked.find((question) => question.key === 'review')).toMatchObject({ about: { records: 6, cells: 12 } });
    expect(run.notes[0]?.text).toContain('12 values on 6 records');
    expect(await verifyEvidence(it.deps.store, run.id)).toMatchObject({ ok: true, closed: true, runbookOk: true, lastHash: run.lastHash });
  });

  // A user would lose: records that the filter was to keep out, deleted in a later step (G29).
  test('a mass overwrite that a filter limits: what is created is deleted within the filter alone', async () => {
    const it = await stage(kind);
    const base = await it.world.take();
    for (let n = 0; n < 3; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'WRONG' }, 'sync:7');
    for (const [key, by] of [
      ['new0', 'sync:7'],
      ['new1', 'sync:7'],
      ['new2', 'user:lee'],
    ] as const)
      it.world.connector.put('contacts', key, { name: key, email: `${key}@example.com`, tags: [] }, by);
    // What the runbook refuses without a yes, a filter does not let through.
    const filter = { keys: ['c0', 'new0', 'new2'], unattributed: 'include' };
    const run = await startRun(
      { runbook: await loadRunbook(book('mass-overwrite')), inputs: { platform: 'memory', base, filter }, by: 'maya' },
      it.deps,
      { operator: scripted({ ...yes, review_created: 'delete', apply_created: typed, left: 'go_on', left_created: 'go_on' }) },
    );
    expect(run.steps.find((step) => step.id === 'plan_created')?.outputs).toMatchObject({ deletes: 1, conflicts: 1 });
    expect(Object.keys(contacts(it)).filter((key) => key.startsWith('new'))).toEqual(['new1', 'new2']);
    expect([0, 1, 2].map((n) => contacts(it)[`c${n}`]?.['name'])).toEqual(['Person 0', 'WRONG', 'WRONG']);
  });

  test('a bad import: changed and created records are put right apart', async () => {
    const it = await stage(kind);
    const base = await it.world.take();
    const began = it.world.clock.now().toISOString();
    for (let n = 0; n < 3; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'IMPORTED' }, 'import:1');
    for (let n = 0; n < 4; n += 1)
      it.world.connector.put('contacts', `new${n}`, { name: `New ${n}`, email: `n${n}@example.com`, tags: [] }, 'import:1');
    const operator = scripted({ ...yes, stop_import: 'done', review_created: 'delete', apply_created: typed });
    const run = await startRun(
      { runbook: await loadRunbook(book('bad-import')), inputs: { platform: 'memory', base, since: began }, by: 'maya' },
      it.deps,
      {
        operator,
      },
    );
    expect(run.state).toBe('succeeded');
    expect(run.steps.find((step) => step.id === 'extent')?.outputs).toMatchObject({ changed: 3, created: 4 });
    expect(run.steps.find((step) => step.id === 'plan_created')?.outputs).toMatchObject({ deletes: 4 });
    expect(Object.keys(contacts(it))).toHaveLength(20);
    expect(contacts(it)['c1']).toMatchObject({ name: 'Person 1' });
  });

  test('an accidental deletion: the records are back with their links, and later edits stay', async () => {
    const it = await stage(kind);
    const base = await it.world.take();
    const links = it.world.connector.state().links;
    for (let n = 0; n < 4; n += 1) {
      if (kind === 'crm') it.world.connector.relate(WORKS_AT, { from: `c${n}`, to: `co${n % 5}` }, false);
      it.world.connector.put('contacts', `c${n}`, null, 'user:lee');
    }
    it.world.connector.put('contacts', 'c9', { phone: '+43 1 234' }, 'user:lee');
    const run = await startRun({ runbook: await loadRunbook(book('accidental-delete')), inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, {
      operator: scripted(yes),
    });
    expect(run.state).toBe('succeeded');
    const after = Object.values(contacts(it));
    expect(after.map((fields) => fields['name'])).toHaveLength(20);
    expect(new Set(after.map((fields) => fields['name']))).toEqual(new Set(Array.from({ length: 20 }, (_, n) => `Person ${n}`)));
    expect(contacts(it)['c9']).toMatchObject({ phone: '+43 1 234' });
    expect(Object.values(it.world.connector.state().links).map((pairs) => pairs.length)).toEqual(Object.values(links).map((pairs) => pairs.length));
  });
});

test('a plan over the limits goes on only with an approval of exactly that plan (G10)', async () => {
  const it = await stage('crm', { records: 3 });
  const base = await it.world.take();
  for (let n = 0; n < 6; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'WRONG' }, 'sync:7');
  const runbook = await loadRunbook(book('mass-overwrite'));
  const { allow: _allow, ...unapproved } = yes;
  const operator = scripted(unapproved);
  const error = await rejection(startRun({ runbook, inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator }));
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'allow' } });
  const refused = await rejection(
    resumeRun(runOf(error), { by: 'maya' }, it.deps, { operator: scripted({ ...yes, allow: { value: 'approve', of: 'another' } }) }),
  );
  expect(refused).toMatchObject({ code: 'not-authorised', exitCode: 6 });
  expect(contacts(it)['c1']).toMatchObject({ name: 'WRONG' });
  const run = await resumeRun(runOf(error), { by: 'maya' }, it.deps, { operator: scripted({ ...yes, allow: { value: 'approve', by: 'lee' } }) });
  expect(run.state).toBe('succeeded');
  expect(contacts(it)['c1']).toMatchObject({ name: 'Person 1' });
});

test('undo puts the damage back and the syncs to where they were; the run says so', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  for (let n = 0; n < 6; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'WRONG' }, 'sync:7');
  const damaged = it.world.connector.state();
  const runbook = await loadRunbook(book('mass-overwrite'));
  const { cause: _cause, ...untilCause } = yes;
  const error = await rejection(startRun({ runbook, inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator: scripted(untilCause) }));
  expect(contacts(it)['c1']).toMatchObject({ name: 'Person 1' });
  const run = await undoRun(runOf(error), { by: 'maya' }, it.deps);
  expect(run.state).toBe('undone');
  expect(it.world.connector.state()).toEqual(damaged);
  expect(it.integration.state.paused).toBe(false);
  expect((await readRun(it.deps.store, run.id)).steps.find((step) => step.id === 'apply')?.state).toBe('undone');
});

test('syncs are not started again before the repair is verified, unless a person says so by name (G12)', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  it.world.connector.put('contacts', 'c1', { name: 'WRONG' }, 'sync:7');
  // The platform says yes and does nothing: only reading back tells.
  const operator = scripted({ ...yes, 'apply.failed': 'skip', 'verify.failed': 'skip', 'resume.failed': 'stop' });
  it.world.connector.fault = () => 'lie';
  const runbook = await loadRunbook(book('mass-overwrite'));
  const error = await rejection(startRun({ runbook, inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator }));
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'resume' } });
  expect(it.integration.state).toMatchObject({ paused: true, resumes: 0 });
  const run = await resumeRun(runOf(error), { by: 'maya' }, it.deps, { operator: scripted({ resume: { value: 'resume-unverified', by: 'lee' } }) });
  expect(it.integration.state).toMatchObject({ paused: false, resumes: 1 });
  expect(run.state).toBe('partial');
});

test('a second run on the same platform is told who holds it since when, and goes on once it is free (G5)', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  it.world.connector.put('contacts', 'c1', { name: 'WRONG' }, 'sync:7');
  const runbook = await loadRunbook(book('mass-overwrite'));
  const inputs = { platform: 'memory', base };
  let second: RunbackError | undefined;
  const operator = scripted({
    ...yes,
    // While the first run waits for its person, somebody else starts a second one.
    review: async () => {
      second = await rejection(startRun({ runbook, inputs, by: 'lee' }, it.deps, { operator: scripted(yes) }));
      return { value: 'yes' };
    },
  });
  const first = await startRun({ runbook, inputs, by: 'maya' }, it.deps, { operator });
  expect(first.state).toBe('succeeded');
  expect(second).toMatchObject({ code: 'locked', exitCode: 11 });
  expect(`${second?.message} ${second?.why}`).toContain('maya');
  expect((await resumeRun(runOf(second as RunbackError), { by: 'lee' }, it.deps, { operator: scripted(yes) })).state).toBe('succeeded');
  expect(it.integration.state).toMatchObject({ paused: false });
});
