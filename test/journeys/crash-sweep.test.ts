import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type CrashOperation, describeSweep } from '../support/crash.js';
import { fullSweeps } from '../support/sweeps.js';
import { openWorlds, plan, sweepRun, type Worlds } from './support/whole-run.js';

describe('kill -9 at every platform call and every journal write of a whole run against HubSpot, then resume (G1)', { timeout: 1_800_000 }, () => {
  let worlds: Worlds;
  beforeAll(async () => {
    worlds = await openWorlds(2);
  });
  afterAll(() => worlds.close());

  test('at every platform call that writes, before it and after it, each in a run of its own', async () => {
    expect(Object.keys(worlds.wanted.writes).length).toBeGreaterThan(12);
    expect(worlds.wanted.state).toMatchObject({ repeatedCreates: {}, syncs: { feed: 'running', archive: 'paused' } });
    const calls = worlds.operations.filter(isCall).filter(isWrite);
    const planned = plan(calls, () => (fullSweeps ? ['before', 'half', 'after'] : ['before', 'after']));
    const report = await sweepRun(worlds, planned, { chained: false });
    console.log(
      `${describeSweep(`all ${calls.length} platform calls that write, in a whole run`, report)}, and ${report.more} times more on the way`,
    );
    expect(report).toMatchObject({ points: planned.length, missed: [] });
    expect(calls.length).toBeGreaterThan(6);
  });

  test('at every platform call that reads, after it', async () => {
    const calls = worlds.operations.filter(isCall).filter((call) => !isWrite(call));
    const planned = plan(calls, () => (fullSweeps ? ['before', 'half', 'after'] : ['after']));
    const report = await sweepRun(worlds, planned, { chained: !fullSweeps });
    console.log(`${describeSweep(`all ${calls.length} platform calls that read, in a whole run`, report)}, in ${report.runs} runs`);
    expect(report).toMatchObject({ points: planned.length, missed: [] });
    expect(calls.length).toBeGreaterThan(20);
  });

  test('at every line of its journals and those of its restores, once it is on disk; at every eighth also half written', async () => {
    const [written, flushed] = ['write', 'datasync'].map((wanted) =>
      worlds.operations.filter(({ name, target }) => name === wanted && target.endsWith('/journal.ndjson')),
    ) as [CrashOperation[], CrashOperation[]];
    const torn = written.filter((_, index) => fullSweeps || index % 8 === 0);
    const planned = [...plan(torn, () => (fullSweeps ? ['before', 'half'] : ['half'])), ...plan(flushed, () => ['after'])];
    const report = await sweepRun(worlds, planned, { chained: !fullSweeps });
    console.log(
      `${describeSweep(`all ${flushed.length} journal lines of a whole run, ${torn.length} of them torn too`, report)}, in ${report.runs} runs`,
    );
    expect(report).toMatchObject({ points: planned.length, missed: [] });
    expect(flushed.length).toBeGreaterThan(40);
  });
});

function isCall({ kind }: CrashOperation): boolean {
  return kind === 'http';
}

function isWrite({ target }: CrashOperation): boolean {
  return /\/batch\/(?:create|update|upsert|archive)|\/feed\/(?:pause|resume)$/u.test(target);
}
