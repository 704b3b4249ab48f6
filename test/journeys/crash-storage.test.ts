import { afterAll, beforeAll, expect, test } from 'vitest';

import { type CrashOperation, describeSweep } from '../support/crash.js';
import { fullSweeps, isFlush } from '../support/sweeps.js';
import { openWorlds, plan, sweepRun, type Worlds } from './support/whole-run.js';

let worlds: Worlds;
beforeAll(async () => {
  worlds = await openWorlds(2);
});
afterAll(() => worlds.close());

test(
  'kill -9 at every operation on documents, locks, plans and snapshots of a whole run against HubSpot, then resume (G1, G14)',
  { timeout: 1_800_000 },
  async () => {
    // The lines of the journals have a sweep of their own; the log holds nothing that a run needs.
    const all = worlds.operations.filter(
      ({ kind, name, target }) =>
        kind === 'fs' && !target.includes('/.runback/logs') && !(target.endsWith('/journal.ndjson') && (name === 'write' || name === 'datasync')),
    );
    const operations = fullSweeps ? all : all.filter(changesSomething);
    const planned = plan(operations, ({ name }) =>
      fullSweeps ? ['before', ...(name.startsWith('write') ? ['half' as const] : []), 'after'] : ['after'],
    );
    const report = await sweepRun(worlds, planned, { chained: !fullSweeps });
    console.log(
      `${describeSweep(`${operations.length} of ${all.length} storage operations of a whole run`, report)}, in ${report.runs} runs` +
        (fullSweeps ? '' : '; the rest are flushes and folders that are there already, which kill -9 cannot tell from the operation before them'),
    );
    expect(report).toMatchObject({ points: planned.length, missed: [] });
    expect(planned.length).toBeGreaterThan(100);
  },
);

/** Not so for what only makes durable, and for making a folder again. */
function changesSomething(operation: CrashOperation, index: number, all: readonly CrashOperation[]): boolean {
  const { name, target } = operation;
  if (isFlush(operation)) return false;
  return name !== 'mkdir' || all.findIndex((other) => other.name === name && other.target === target) === index;
}
