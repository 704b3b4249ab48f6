import { describe, expect, it } from 'vitest';

import { endSchedule, keepResult, raiseAlarms, readSchedule, scheduleRan, setSchedule, type DrillResult } from '../../src/drills/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { folderFor } from './support/deps.js';

const opened = async (): Promise<Store> => openFileStore({ dir: await folderFor('schedule'), clock: systemClock, redactor: new Redactor() });
let turn = 0;
const kept = async (store: Store, passed: boolean, drill = 'one'): Promise<DrillResult> => {
  turn += 1;
  const result = {
    id: `drill-20260101-0000${String(turn).padStart(2, '0')}-aaaa`,
    drill,
    passed,
    checks: [],
    startedAt: `2026-01-01T00:00:${String(turn).padStart(2, '0')}.000Z`,
    runbook: { id: 'mass-overwrite', title: 'Undo', digest: 'd' },
  } as unknown as DrillResult;
  await keepResult(store, result);
  return result;
};

describe('the schedule of drills', () => {
  const now = new Date('2026-01-31T06:00:00.000Z');

  it('comes again one interval after it was run; what was missed is run once', async () => {
    const store = await opened();
    expect(await readSchedule(store)).toBeUndefined();
    await setSchedule(store, { every: '30d', drills: [], by: 'maya' }, now);
    expect((await readSchedule(store))?.next).toBe('2026-03-02T06:00:00.000Z');
    await scheduleRan(store, new Date('2026-06-01T00:00:00.000Z'));
    expect((await readSchedule(store))?.next).toBe('2026-07-01T00:00:00.000Z');
    await endSchedule(store);
    expect(await readSchedule(store)).toBeUndefined();
    await scheduleRan(store, now);
    expect(await readSchedule(store)).toBeUndefined();
  });
});

describe('a drill that begins to fail', () => {
  const scene = async () => {
    const store = await opened();
    const told: string[] = [];
    const after = async (passed: boolean, drill?: string): Promise<void> => {
      await raiseAlarms(store, [await kept(store, passed, drill)], async (result) => {
        told.push(result.drill);
        return await Promise.resolve(`inc-${told.length}`);
      });
    };
    return { store, told, after };
  };

  it('is told of once, however often it fails, and again once it had passed in between', async () => {
    const { told, after } = await scene();
    await after(true);
    await after(false);
    await after(false);
    await after(false);
    expect(told).toEqual(['one']);
    await after(true);
    await after(false);
    expect(told).toEqual(['one', 'one']);
  });

  it('is not told of where it never passed, or another one passed', async () => {
    const { told, after } = await scene();
    await after(true, 'another');
    await after(false);
    await after(false);
    expect(told).toEqual([]);
  });

  it('is told of again where the process ended before the incident was known, and where it could not be staged', async () => {
    const { store, told, after } = await scene();
    await after(true);
    const failed = await kept(store, false);
    await expect(raiseAlarms(store, [failed], async () => await Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    await raiseAlarms(store, [{ drill: 'one', passed: false, startedAt: '2026-01-02T00:00:00.000Z' }], async ({ drill }) => {
      told.push(drill);
      return await Promise.resolve('inc-9');
    });
    await after(false);
    expect(told).toEqual(['one']);
  });
});
