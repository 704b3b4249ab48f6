import { afterAll, beforeAll, expect, test } from 'vitest';

import { type CrashOperation, describeSweep } from '../../support/crash.js';
import { everyNth, everyPoint, fullSweeps, isFlush, thinned } from '../../support/sweeps.js';
import { sweptHubSpot } from './swept-hubspot.js';
import { openWorlds, type PlannedCrash, plan, sweepRun, type Worlds } from './whole-run.js';

/**
 * The parts of a sweep, each a test file of its own, so that two can be at work at once; together they are the whole.
 */
export interface Part {
  readonly part: number;
  readonly of: number;
}

/** Every `of`th point, beginning with the `part`th. */
export function partOf(planned: readonly PlannedCrash[], { part, of }: Part): PlannedCrash[] {
  return planned.filter((_, n) => n % of === part - 1);
}

/** Kills a whole run at a part of the operations on documents, locks, plans and snapshots. */
export function sweepStorage(one: Part): void {
  let worlds: Worlds;
  beforeAll(async () => {
    worlds = await openWorlds(sweptHubSpot, 2);
  });
  afterAll(() => worlds.close());

  test(
    `kill -9 at every operation on documents, locks, plans and snapshots of a whole run against HubSpot, then resume (G1, G14), ${one.part} of ${one.of}`,
    { timeout: 1_800_000 },
    async () => {
      // The lines of the journals have a sweep of their own; the log holds nothing that a run needs.
      const all = worlds.operations.filter(
        ({ kind, name, target }) =>
          kind === 'fs' &&
          !target.includes('/.runback/logs') &&
          !(target.endsWith('/journal.ndjson') && (name === 'writeSync' || name === 'fdatasync')),
      );
      const operations = fullSweeps ? all : everyNth(4, thinned(1))(all.filter(changesSomething));
      const whole = plan(operations, ({ name }) =>
        fullSweeps ? ['before', ...(name.startsWith('write') ? ['half' as const] : []), 'after'] : ['after'],
      );
      const planned = partOf(whole, one);
      const report = await sweepRun(worlds, planned, { chained: !fullSweeps });
      console.log(
        `${describeSweep(`${operations.length} of ${all.length} storage operations of a whole run, part ${one.part} of ${one.of}`, report)}, in ${report.runs} runs` +
          (fullSweeps
            ? ''
            : '; the rest are flushes and folders that are there already, which kill -9 cannot tell from the operation before them' +
              (everyPoint ? '' : ', and more of the same kind')),
      );
      expect(report).toMatchObject({ points: planned.length, missed: [] });
      expect(whole.length).toBeGreaterThan(everyPoint ? 30 : 7);
    },
  );
}

/** Not so for what only makes durable, and for making a folder again. */
function changesSomething(operation: CrashOperation, index: number, all: readonly CrashOperation[]): boolean {
  const { name, target } = operation;
  if (isFlush(operation)) return false;
  return name !== 'mkdir' || all.findIndex((other) => other.name === name && other.target === target) === index;
}
