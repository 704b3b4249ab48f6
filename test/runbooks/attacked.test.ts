import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import type { RunbackError } from '../../src/lib/index.js';
import { abortRun, listRuns, loadRunbook, resumeRun, startRun, undoRun, verifyEvidence } from '../../src/runbooks/index.js';
import { WORKS_AT } from '../support/restore-world.js';
import { httpSync, startIntegration } from '../syncs/harness.js';
import { book, contacts, repair, stage, type Stage, typed, yes } from './stage.js';
import { rejection, runOf, scripted } from './support.js';

const HOUR = 3_600_000;

/** Overwrites the names of the first contacts, as the sync does. */
function damage(it: Stage, count = 6): void {
  for (let n = 0; n < count; n += 1) it.world.connector.put('contacts', `c${n}`, { name: 'WRONG' }, 'sync:7');
}

const wrongNames = (it: Stage): number => Object.values(contacts(it)).filter(({ name }) => name === 'WRONG').length;

/** A second sync that writes to the platform. */
async function second(): Promise<Awaited<ReturnType<typeof startIntegration>>> {
  const integration = await startIntegration();
  onTestFinished(integration.close);
  return integration;
}

// A user would lose: one restore becomes two, records are created twice, and "undone" is said of what was not.
test.each(['resumed', 'undone'] as const)('a step finds its restore by its key: killed, the clock put right, killed again, %s', async (end) => {
  const it = await stage('crm');
  const base = await it.world.take();
  for (let n = 0; n < 6; n += 1) it.world.connector.put('contacts', `c${n}`, null, 'sync:7');
  const [first, second] = [new AbortController(), new AbortController()];
  const operator = scripted({
    ...yes,
    apply: (question) => {
      // Stopped for good behind the intent of the step, and before its restore begins.
      it.integration.onStatus(() => first.abort());
      return typed(question as Parameters<typeof typed>[0]);
    },
  });
  const error = await rejection(startRun({ runbook: await repair(), inputs: { base }, by: 'maya' }, it.deps, { operator, abort: first.signal }));
  expect(error.code).toBe('interrupted');
  it.integration.onStatus(() => {});
  it.world.clock.move(-HOUR / 2);
  // Stopped for good in the second batch.
  it.world.connector.onWrite = () => {
    if (it.world.connector.calls.write === 2) second.abort();
  };
  const run = runOf(error);
  expect((await rejection(resumeRun(run, { by: 'maya' }, it.deps, { operator, abort: second.signal }))).code).toBe('interrupted');
  it.world.connector.onWrite = () => {};
  const ended = end === 'resumed' ? await resumeRun(run, { by: 'maya' }, it.deps, { operator }) : await undoRun(run, { by: 'maya' }, it.deps);
  expect(ended.state).toBe(end === 'resumed' ? 'succeeded' : 'undone');
  expect(await it.deps.store.journals('restores')).toHaveLength(1);
  expect(Object.values(contacts(it))).toHaveLength(end === 'resumed' ? 20 : 14);
});

// A user would lose: every way out of a run with its syncs paused, for as long as the clock was put back.
test.each([-24 * HOUR, 24 * HOUR])('the clock moved by %i ms between kill and resume is not taken for the order of the snapshots', async (moved) => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const killed = new AbortController();
  it.integration.onStatus(() => killed.abort());
  const operator = scripted(yes);
  const error = await rejection(startRun({ runbook: await repair(), inputs: { base }, by: 'maya' }, it.deps, { operator, abort: killed.signal }));
  it.integration.onStatus(() => {});
  it.world.clock.move(moved);
  const ended = await resumeRun(runOf(error), { by: 'maya' }, it.deps, { operator });
  expect(ended.state).toBe('succeeded');
  expect(wrongNames(it)).toBe(0);
  expect(it.integration.state.paused).toBe(false);
});

// A user would lose: a run that can go on only by taking everything back.
test('a plan that is too old, or of an unknown age since the clock was put right, leads back to a new one', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const moves = [2 * HOUR, -4 * HOUR];
  const afterPlan = '  - { id: ok, title: Fine?, decide: { "yes": continue } }';
  const operator = scripted({
    ...yes,
    ok: () => {
      it.world.clock.move(moves.shift() ?? 0);
      return { value: 'yes' };
    },
  });
  const run = await startRun({ runbook: await repair({ afterPlan }), inputs: { base }, by: 'maya' }, it.deps, { operator });
  expect(run.state).toBe('succeeded');
  expect(operator.asked.filter(({ key }) => key === 'ok')).toHaveLength(3);
  expect(wrongNames(it)).toBe(0);
});

// A user would lose: repairs are written while a sync still writes over them.
test('a sync that cannot be asked lets no wait pass, whatever the condition says; it passes once the sync answers', async () => {
  const other = await second();
  const it = await stage('crm', {}, { other: httpSync('other', other.url, { writes_to: ['memory'] }) });
  const base = await it.world.take();
  damage(it);
  const quiet = `
  - { id: writers, title: Look, action: syncs.status, with: { writes_to: memory } }
  - { id: quiet, title: Wait, wait: { until: steps.writers.running == 0 && steps.writers.in_flight == 0, every: 10s, timeout: 1m }, on_failure: ask }`;
  await other.close();
  const start = { runbook: await repair({ quiet }), inputs: { base }, by: 'maya' };
  const asked = scripted({ ...yes, 'pause.failed': 'skip' });
  const error = await rejection(startRun(start, it.deps, { operator: asked }));
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'quiet' } });
  expect(asked.asked.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'step-timeout' } });
  expect(wrongNames(it)).toBe(6);
});

// A user would lose: the whole evening, since one sync of many does not answer.
test('one sync that does not start again holds up no other, and is started by itself later', async () => {
  const other = await second();
  const it = await stage('crm', {}, { other: httpSync('other', other.url, { writes_to: ['memory'] }) });
  const base = await it.world.take();
  damage(it);
  it.integration.behaviour.ignoreResume = true;
  const asked = scripted({ ...yes, 'resume.failed': 'stop' });
  const error = await rejection(startRun({ runbook: await repair(), inputs: { base }, by: 'maya' }, it.deps, { operator: asked }));
  expect(error.code).toBe('sync-failed');
  expect(other.state.paused).toBe(false);
  expect(it.integration.state.paused).toBe(true);
  it.integration.behaviour.ignoreResume = false;
  expect((await resumeRun(runOf(error), { by: 'maya' }, it.deps, { operator: scripted(yes) })).state).toBe('succeeded');
  expect(it.integration.state.paused).toBe(false);
  expect(other.state.resumes).toBe(1);
});

// A user would lose: the way back to running syncs.
test('a pause that failed and was left out still ends: what it did stands in its outputs', async () => {
  const other = await second();
  await other.close();
  const it = await stage('crm', {}, { other: httpSync('other', other.url, { writes_to: ['memory'] }) });
  const base = await it.world.take();
  damage(it);
  const run = await startRun({ runbook: await repair(), inputs: { base }, by: 'maya' }, it.deps, {
    operator: scripted({ ...yes, 'pause.failed': 'skip' }),
  });
  expect(run.steps.find(({ id }) => id === 'pause')).toMatchObject({ state: 'skipped', outputs: { paused: ['marketing'] } });
  expect(run.steps.find(({ id }) => id === 'resume')).toMatchObject({ state: 'succeeded', outputs: { resumed: ['marketing'], left: ['other'] } });
  expect(it.integration.state).toMatchObject({ paused: false, pauses: 1, resumes: 1 });
  expect(run.state).toBe('partial');
});

// A user would lose: the syncs write on while records are half repaired.
test('after a second restore that stopped half-way and was left out, only a typed word starts the syncs', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it, 3);
  for (let n = 0; n < 9; n += 1) it.world.connector.put('contacts', `new${n}`, { name: 'New', email: `n${n}@example.com`, tags: [] }, 'sync:7');
  it.world.connector.fault = ({ mutations }) =>
    mutations.some(({ action }) => action === 'delete') && it.world.connector.written.length > 6 ? 'fail' : undefined;
  const operator = scripted({
    ...yes,
    review_created: 'delete',
    apply_created: typed,
    'apply_created.failed': 'skip',
    'verify_created.failed': 'skip',
    'resume.failed': 'stop',
  });
  const error = await rejection(
    startRun({ runbook: await loadRunbook(book('mass-overwrite')), inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator }),
  );
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'resume', answer: 'resume' } });
  expect(operator.asked.at(-1)).toMatchObject({ kind: 'confirm', expect: 'resume-unverified' });
  expect(it.integration.state).toMatchObject({ paused: true, resumes: 0 });
});

// A user would lose: 30 records, damaged again behind the back of a run that ended as succeeded.
test('a sync that a watchdog started after the verification, and that wrote, is stopped again; the run does not end as if nothing were', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterVerify = '  - { id: told, title: Told, manual: The team knows. }';
  const operator = scripted({
    ...yes,
    told: () => {
      it.integration.state.paused = false;
      damage(it, 4);
      return { value: 'done' };
    },
    'resume.failed': 'stop',
  });
  const error = await rejection(startRun({ runbook: await repair({ afterVerify }), inputs: { base }, by: 'maya' }, it.deps, { operator }));
  expect(error).toMatchObject({ code: 'not-verified' });
  expect(`${error.message} ${error.why}`).toContain('4 changes');
  expect(error.next).toContain('runback sync resume pause-');
  expect(it.integration.state).toMatchObject({ paused: true, resumes: 0 });
});

test('damage that came back after the verification keeps the syncs off, also where none of them runs now', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterVerify = '  - { id: told, title: Told, manual: The team knows. }';
  const told = (wrong: boolean) => () => {
    // What people edit meanwhile is theirs, and holds nothing up.
    it.world.connector.put('contacts', 'c5', { name: 'Edited by hand' }, 'user:lee');
    if (wrong) damage(it, 2);
    return { value: 'done' };
  };
  const start = { runbook: await repair({ afterVerify }), inputs: { base }, by: 'maya' };
  const error = await rejection(startRun(start, it.deps, { operator: scripted({ ...yes, told: told(true), 'resume.failed': 'stop' }) }));
  expect(error).toMatchObject({ code: 'not-verified' });
  expect(it.integration.state.paused).toBe(true);
  await abortRun(runOf(error), { by: 'maya', reason: 'a test' }, it.deps);
  const [left] = await it.deps.syncs.pauses();
  await it.deps.syncs.resume(left?.id ?? '', { by: 'maya' });
  const run = await startRun(start, it.deps, { operator: scripted({ ...yes, told: told(false) }) });
  expect(run.state).toBe('succeeded');
  expect(it.integration.state.paused).toBe(false);
});

test('a sync that was started again before the restore is stopped before anything is written', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterPlan = '  - { id: ok, title: Fine?, decide: { "yes": continue } }';
  const seen: boolean[] = [];
  it.world.connector.onWrite = () => seen.push(it.integration.state.paused);
  const operator = scripted({
    ...yes,
    ok: () => {
      it.integration.state.paused = false;
      return { value: 'yes' };
    },
  });
  const run = await startRun({ runbook: await repair({ afterPlan }), inputs: { base }, by: 'maya' }, it.deps, { operator });
  expect(run.state).toBe('succeeded');
  expect(new Set(seen)).toEqual(new Set([true]));
  expect(run.notes.map(({ text }) => text).join()).toContain('marketing was running again');
  expect(it.integration.state).toMatchObject({ paused: false, pauses: 2, resumes: 1 });
});

// A user would lose: a sync that stays off behind a run that says it started it.
test('a loop back over the pause ends with the sync running', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterPlan = '  - { id: ok, title: Fine?, decide: { "yes": continue, again: { go_to: pause } } }';
  let times = 0;
  const operator = scripted({ ...yes, ok: () => ({ value: (times += 1) === 1 ? 'again' : 'yes' }) });
  const run = await startRun({ runbook: await repair({ afterPlan }), inputs: { base }, by: 'maya' }, it.deps, { operator });
  expect(run.state).toBe('succeeded');
  expect(it.integration.state).toMatchObject({ paused: false, resumes: 1 });
  expect(await it.deps.syncs.pauses()).toEqual([]);
});

test('the pause of a run that was given up is named by the next run, which does not end as succeeded with the sync off', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterPlan = '  - { id: ok, title: Fine?, decide: { "yes": continue } }';
  const start = { runbook: await repair({ afterPlan }), inputs: { base }, by: 'maya' };
  const error = await rejection(startRun(start, it.deps, { operator: scripted({}) }));
  await abortRun(runOf(error), { by: 'maya', reason: 'a test' }, it.deps);
  const [pause] = await it.deps.syncs.pauses();
  const run = await startRun(start, it.deps, { operator: scripted({ ...yes, ok: 'yes' }) });
  expect(it.integration.state.paused).toBe(true);
  expect(run.state).toBe('partial');
  expect(run.because).toContain(`marketing paused: maya still holds it`);
  expect(run.because).toContain(pause?.id);
  await it.deps.syncs.resume(pause?.id ?? '', { by: 'maya' });
  expect(it.integration.state.paused).toBe(false);
});

// A user would lose: a run that can neither go on nor back.
test('a restore by an earlier plan of the same step counts as verified by the plan that followed it', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const afterApply = '  - { id: more, title: More?, decide: { "no": continue, "new plan": { go_to: plan } } }';
  let times = 0;
  const operator = scripted({ ...yes, more: () => ({ value: (times += 1) === 1 ? 'new plan' : 'no' }) });
  const run = await startRun({ runbook: await repair({ afterApply }), inputs: { base }, by: 'maya' }, it.deps, { operator });
  expect(run.state).toBe('succeeded');
  expect(it.integration.state.paused).toBe(false);
});

test('undo after a skipped half of a restore takes back what it wrote', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const before = it.world.connector.state();
  it.world.connector.fault = ({ n }) => (n >= 2 && n <= 5 ? 'refuse' : undefined);
  const operator = scripted({ ...yes, 'apply.failed': 'skip', 'verify.failed': 'stop' });
  const error: RunbackError = await rejection(startRun({ runbook: await repair(), inputs: { base }, by: 'maya' }, it.deps, { operator }));
  expect(error.code).toBe('not-verified');
  expect(wrongNames(it)).toBeLessThan(6);
  it.world.connector.fault = () => undefined;
  const run = await undoRun(runOf(error), { by: 'maya' }, it.deps);
  expect(run.state).toBe('undone');
  expect(it.world.connector.state()).toEqual(before);
});

// A user would lose: a run that can end only by an override, since a colleague tidied up.
test('a record that a colleague deletes between plan and apply leads back to a new plan, and the run ends', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  let reviews = 0;
  const operator = scripted({
    ...yes,
    review: () => {
      reviews += 1;
      if (reviews === 1) it.world.connector.put('contacts', 'c2', null, 'user:lee');
      return { value: 'yes' };
    },
    left: 'new plan',
  });
  const runbook = await loadRunbook(book('mass-overwrite'));
  const run = await startRun({ runbook, inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator });
  expect(run.state).toBe('succeeded');
  expect(run.steps.find(({ id }) => id === 'plan')?.outputs).toMatchObject({ records: 0, conflicts: 1 });
  expect(wrongNames(it)).toBe(0);
  expect(Object.keys(contacts(it))).toHaveLength(19);
  expect(it.integration.state.paused).toBe(false);
});

// A user would lose: the way on. Nobody can make a link to a record that is not there any more.
test.each([
  ['crm', 'contacts', 'c2'],
  ['crm', 'companies', 'co2'],
  ['database', 'contacts', 'c2'],
  ['database', 'companies', 'co2'],
] as const)(
  'a link of a %s whose end in %s a colleague deletes between plan and apply leads back to a new plan, and the run ends',
  async (kind, object, key) => {
    const it = await stage(kind);
    const base = await it.world.take();
    for (const n of [2, 3])
      if (kind === 'crm') it.world.connector.relate(WORKS_AT, { from: `c${n}`, to: `co${n}` }, false);
      else it.world.connector.put('contacts', `c${n}`, { company: null }, 'sync:7');
    let reviews = 0;
    const operator = scripted({
      ...yes,
      review: () => {
        reviews += 1;
        if (reviews === 1) {
          // A company that others work at cannot be deleted where the database holds on to it.
          if (object === 'companies' && kind === 'database')
            for (const [contact, { company }] of Object.entries(contacts(it)))
              if (company === key) it.world.connector.put('contacts', contact, { company: null }, 'user:lee');
          it.world.connector.put(object, key, null, 'user:lee');
        }
        return { value: 'yes' };
      },
      left: 'new plan',
    });
    const runbook = await loadRunbook(book('mass-overwrite'));
    const run = await startRun({ runbook, inputs: { platform: 'memory', base }, by: 'maya' }, it.deps, { operator });
    expect(run.state).toBe('succeeded');
    expect(reviews).toBeLessThanOrEqual(2);
    expect(it.world.connector.state().records[object]).not.toHaveProperty(key);
    const linked = kind === 'crm' ? it.world.connector.state().links['contacts~companies~primary']?.join(' ') : contacts(it)['c3']?.['company'];
    expect(linked).toMatch(/co3/u);
    expect(it.integration.state.paused).toBe(false);
  },
);

test('a run whose journal was emptied, or lost its last lines, is damaged and not "killed before it began"', async () => {
  const it = await stage('crm');
  const base = await it.world.take();
  damage(it);
  const error = await rejection(
    startRun({ runbook: await loadRunbook(book('mass-overwrite')), inputs: { platform: 'memory', base }, by: 'maya' }, it.deps),
  );
  const run = runOf(error);
  const file = join(it.deps.store.location, 'runs', run, 'journal.ndjson');
  const text = await readFile(file, 'utf8');
  for (const kept of ['', text.split('\n').slice(0, 4).join('\n') + '\n']) {
    await writeFile(file, kept);
    expect(await listRuns(it.deps.store)).toMatchObject({ runs: [], damaged: [run] });
    expect((await rejection(resumeRun(run, { by: 'maya' }, it.deps))).code).toBe('journal-damaged');
    expect(await verifyEvidence(it.deps.store, run)).toMatchObject({ ok: false });
  }
  await writeFile(file, text);
  expect((await resumeRun(run, { by: 'maya' }, it.deps, { operator: scripted(yes) })).state).toBe('succeeded');
});
