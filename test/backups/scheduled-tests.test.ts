import { describe, expect, it } from 'vitest';

import {
  backupTicker,
  raiseTestAlarm,
  runTask,
  type TaskOutcome,
  type TaskResult,
  type TestedJob,
  type TestedSnapshot,
  testTask,
  testWork,
} from '../../src/backups/index.js';
import { testStateOf, testView } from '../../src/backups/restore-tests/by-schedule.js';
import { RunbackError } from '../../src/lib/index.js';
import type { Store } from '../../src/store/index.js';
import { temporaryStore } from '../support/store.js';

/**
 * What a user would lose: a backup that nobody can restore any more, and nobody is told; or an alarm a minute for one.
 * Restore tests that nothing restores here: only when they run, and who is told. What they find is in test/stages.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const JOB: TestedJob = {
  name: 'nightly',
  platforms: ['crm'],
  timezone: 'UTC',
  pause_syncs: false,
  incremental: false,
  test_restore: { schedule: '0 5 * * 0', prove_within: '35d' },
};
const PASSED: TaskResult<TestedSnapshot> = { result: { snapshot: 'snap-1', restoreMs: 5, platforms: { crm: true } } };
const FAILED: TaskResult<TestedSnapshot> = {
  result: { snapshot: 'snap-1', restoreMs: 5, platforms: { crm: false } },
  error: { code: 'restore-not-proven', message: 'The restore of crm from snap-1 is not proven' },
};

interface Scene {
  readonly store: Store;
  readonly clock: { at: number; now: () => Date; monotonicMs: () => number; sleep: () => Promise<void> };
  readonly signal: AbortController;
  incident: string | undefined;
  run(work: () => Promise<TaskResult<TestedSnapshot>>): Promise<TaskOutcome<TestedSnapshot>>;
  /** Keeps the alarm; gives what was told and noted since. */
  tell(): Promise<readonly string[]>;
}

/** A job whose tests are due, on a Friday. */
async function scene(told: 'told' | 'nobody' = 'told'): Promise<Scene> {
  const clock = { at: Date.parse('2026-11-20T12:00:00Z'), now: () => new Date(clock.at), monotonicMs: () => clock.at, sleep: async () => {} };
  const { store } = await temporaryStore(clock);
  const at: Scene = {
    store,
    clock,
    signal: new AbortController(),
    incident: undefined,
    run: async (work) =>
      await runTask(testTask(JOB), { store, clock, by: 'maya', signal: at.signal.signal }, { incidentOn: async () => at.incident, work }),
    tell: async () => {
      const lines: string[] = [];
      await raiseTestAlarm(
        { store, clock, by: 'maya' },
        JOB,
        async (_view, problem) => {
          lines.push(problem);
          return told === 'told' ? 'inc-1' : undefined;
        },
        async (_view, incident) => void lines.push(`over ${incident}`),
      );
      return lines;
    },
  };
  expect((await at.run(async () => PASSED)).state).toBe('not-due');
  clock.at += 30 * DAY;
  return at;
}

describe('a restore test by schedule', () => {
  it('is caught up once, however often it was missed, and not before its next time again', async () => {
    const { run, clock } = await scene();
    expect(await run(async () => PASSED)).toMatchObject({ state: 'ended', end: { end: 'done', result: { snapshot: 'snap-1' } } });
    expect(await run(async () => PASSED)).toMatchObject({ state: 'not-due', next: '2026-12-27T05:00:00.000Z' });
    clock.at = Date.parse('2026-12-27T05:00:00Z');
    expect((await run(async () => PASSED)).state).toBe('ended');
  });

  it('waits for an incident on its platforms, and is caught up once that is closed', async () => {
    const at = await scene();
    at.incident = 'inc-7';
    expect(await at.run(async () => PASSED)).toMatchObject({ state: 'waits', incident: 'inc-7' });
    expect(await testView(JOB, at.store, at.clock.now())).toMatchObject({ due: true, waits: { incident: 'inc-7' } });
    at.incident = undefined;
    expect((await at.run(async () => PASSED)).state).toBe('ended');
    expect((await testView(JOB, at.store, at.clock.now())).waits).toBeUndefined();
  });

  it('never runs twice at a time, of whichever job, and where it cannot be done now it stays due', async () => {
    const at = await scene();
    const first = await at.run(async () => {
      const others = await Promise.all([at.run(async () => FAILED), at.run(async () => FAILED)]);
      expect(others.map(({ state }) => state)).toEqual(['running', 'running']);
      return { later: 'another test works in that database' };
    });
    expect(first.state).toBe('later');
    // As often as it takes: nothing failed.
    for (let n = 0; n < 5; n += 1) expect((await at.run(async () => ({ later: 'still' }))).state).toBe('later');
    expect(await at.tell()).toEqual([]);
    expect((await at.run(async () => PASSED)).state).toBe('ended');
  });

  it('that was stopped is due again, three times at most; then it has failed', async () => {
    const at = await scene();
    at.signal.abort();
    const stopped = new RunbackError('interrupted', 'Interrupted', {});
    for (let n = 0; n < 3; n += 1) await expect(at.run(async () => await Promise.reject(stopped))).rejects.toBe(stopped);
    expect(await at.run(async () => PASSED)).toMatchObject({ state: 'not-due' });
    expect(await testView(JOB, at.store, at.clock.now())).toMatchObject({ due: false, last: { end: 'failed', error: { code: 'interrupted' } } });
    expect(await at.tell()).toEqual(['failed']);
  });

  it('that was killed is known by the next call, which runs it again', async () => {
    const at = await scene();
    const startedAt = at.clock.now().toISOString();
    await testStateOf(at.store, JOB).update((state) => ({
      ...(state ?? { version: 1, firstSeen: startedAt, handled: startedAt }),
      handled: startedAt,
      owed: { since: startedAt, tries: 1 },
      running: { run: 'task-1', startedAt, by: 'daemon' },
    }));
    expect(await testView(JOB, at.store, at.clock.now())).toMatchObject({ interrupted: { since: startedAt }, due: true });
    expect(await at.run(async () => PASSED)).toMatchObject({ state: 'ended', interrupted: startedAt });
  });

  it('says so where the clock was put back, and no proof from the future counts', async () => {
    const at = await scene();
    await at.run(async () => PASSED);
    at.clock.at -= 90 * DAY;
    expect(await at.run(async () => PASSED)).toMatchObject({ state: 'not-due', clockBackMs: 90 * DAY });
    at.clock.at += 36 * DAY;
    expect(await testView(JOB, at.store, at.clock.now())).toMatchObject({ late: true });
  });
});

describe('people are told', () => {
  it('once for as long as restores are not proven, and once more that a later test passed', async () => {
    const at = await scene();
    await at.run(async () => FAILED);
    expect(await at.tell()).toEqual(['failed']);
    at.clock.at += 7 * DAY;
    await expect(at.run(async () => await Promise.reject(new RunbackError('snapshot-encrypted', 'No key here opens it', {})))).rejects.toThrow(
      'No key',
    );
    expect(await at.tell()).toEqual([]);
    at.clock.at += 7 * DAY;
    await at.run(async () => PASSED);
    expect([await at.tell(), await at.tell()]).toEqual([['over inc-1'], []]);
    at.clock.at += 7 * DAY;
    await at.run(async () => FAILED);
    expect(await at.tell()).toEqual(['failed']);
  });

  it('of a proof that is too old: for so long none has passed', async () => {
    const at = await scene();
    await at.run(async () => PASSED);
    at.clock.at += 35 * DAY;
    expect(await at.tell()).toEqual([]);
    at.clock.at += 1000;
    expect(await at.tell()).toEqual(['late']);
  });

  it('by the ticker, which looks until somebody was, and starts nothing for what was told', async () => {
    const at = await scene('nobody');
    const started: string[] = [];
    const works = async () => [testWork(at.store, JOB, async (job) => void started.push(job))];
    const tick = async (): Promise<unknown> => await backupTicker({ clock: at.clock, works, once: true }).tick(at.clock.now());
    await tick();
    await at.run(async () => FAILED);
    await at.tell();
    await expect(tick()).rejects.toMatchObject({ code: 'backup-failing', message: 'Backup jobs need attention: nightly (restore test)' });
    expect(started).toEqual(['nightly', 'nightly']);
    await at.store.document<object>('backup-restore-test-alarms', 'nightly').update((alarm) => ({ ...alarm, incident: 'inc-1' }));
    await tick();
    expect(started).toHaveLength(2);
    // It passed, and the process ended before that was noted.
    at.clock.at += 7 * DAY;
    await at.run(async () => PASSED);
    await tick();
    expect([started.length, await at.tell()]).toEqual([3, ['over inc-1']]);
    await tick();
    expect(started).toHaveLength(3);
  });
});
