import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type CrashOperation, describeSweep } from '../../support/crash.js';
import { everyNth, fullSweeps, thinned } from '../../support/sweeps.js';
import { type Part, partOf } from './sweep-storage.js';
import type { SweptPlatform } from './swept-platform.js';
import { openWorlds, plan, sweepRun, type Worlds } from './whole-run.js';

/** Kills a whole run at a part of its platform calls and journal lines. */
export function sweepCalls(platform: SweptPlatform, one: Part): void {
  describe(
    `kill -9 at every platform call and every journal write of a whole run against ${platform.title}, then resume (G1)`,
    { timeout: 1_800_000 },
    () => {
      let worlds: Worlds;
      beforeAll(async () => {
        worlds = await openWorlds(platform, 2);
      });
      afterAll(() => worlds?.close());

      test(`chained through one run after another, or each in a run of its own, part ${one.part} of ${one.of}`, async () => {
        expect(Object.keys(worlds.wanted.writes).length).toBeGreaterThan(12);
        expect(worlds.wanted.state).toMatchObject({ repeatedCreates: {}, syncs: { feed: 'running', archive: 'paused' } });
        const calls = worlds.operations.filter(({ kind }) => kind === 'http');
        const isWrite = ({ name, target }: CrashOperation): boolean => platform.isWrite(name, target);
        const [writing, reading] = [calls.filter(isWrite), calls.filter((call) => !isWrite(call))];
        const [lines, flushed] = ['writeSync', 'fdatasync'].map((wanted) =>
          worlds.operations.filter(({ name, target }) => name === wanted && target.endsWith('/journal.ndjson')),
        ) as [CrashOperation[], CrashOperation[]];
        const read = everyNth(2, thinned(1))(reading);
        const ended = everyNth(8, (all) => all)(flushed);
        const torn = lines.filter((_, index) => fullSweeps || index % 16 === 0);
        const whole = [
          ...plan(writing, () => (fullSweeps ? ['before', 'half', 'after'] : ['before', 'after'])),
          ...plan(read, () => (fullSweeps ? ['before', 'half', 'after'] : ['after'])),
          ...plan(torn, () => (fullSweeps ? ['before', 'half'] : ['half'])),
          ...plan(ended, () => ['after']),
        ];
        const planned = partOf(whole, one);
        const report = await sweepRun(worlds, planned, { chained: !fullSweeps });
        console.log(
          `${describeSweep(
            `all ${writing.length} platform calls that write, ${read.length === reading.length ? 'all' : `${read.length} of`} ${reading.length} that read, ${ended.length === flushed.length ? 'all' : `${ended.length} of`} ${flushed.length} journal lines of a whole run against ${platform.title}, ` +
              `${torn.length} of them torn too, part ${one.part} of ${one.of}`,
            report,
          )}, in ${report.runs} runs${report.more === 0 ? '' : `, and ${report.more} times more on the way`}`,
        );
        expect(report).toMatchObject({ points: planned.length, missed: [] });
        expect(writing.length).toBeGreaterThan(6);
        expect(reading.length).toBeGreaterThan(20);
        expect(flushed.length).toBeGreaterThan(40);
      });
    },
  );
}
