import { readFile, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { call, setJobs, workspaceWith } from './support/workspace.js';

describe('runback backup run', () => {
  it('takes the snapshot of a job, marks it with the job, and backup jobs shows it', async () => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot], schedule: "30 2 * * *", timezone: Europe/Berlin, target: 26h }');
    const { code, json } = await call(dir, 'backup', 'run', 'nightly');
    expect(code).toBe(0);
    const taken = (json.data['jobs'] as readonly unknown[])[0] as { state: string; snapshot: { id: string; job: string } };
    expect(taken).toMatchObject({ state: 'taken', snapshot: { job: 'nightly', gaps: [], bases: [] } });
    // A verification and a pin leave the name of the job in the notes.
    expect((await call(dir, 'snapshot', 'verify', taken.snapshot.id)).code).toBe(0);
    expect((await call(dir, 'snapshot', 'pin', taken.snapshot.id, '--reason', 'before the move')).json.data).toMatchObject({
      job: 'nightly',
      pinned: true,
      pin: { reason: 'before the move' },
      verifiedAt: expect.any(String) as string,
    });
    const views = (await call(dir, 'backup', 'jobs')).json.data['jobs'] as readonly unknown[];
    expect(views).toMatchObject([
      {
        job: 'nightly',
        late: false,
        due: false,
        snapshots: 1,
        last: { end: 'done', snapshot: taken.snapshot.id },
        newest: { snapshot: taken.snapshot.id },
      },
    ]);
    const { stdout } = await runHere(['backup', 'jobs'], { cwd: dir });
    expect(stdout).toContain('nightly');
    expect(stdout).toContain('30 2 * * * (Europe/Berlin)');
    expect(stdout).toContain('target 26h: met');
  });

  it('with --json tells as events how far it is, and the result as the last object', async () => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot] }', 400);
    const { code, stdout } = await runHere(['backup', 'run', 'nightly', '--json'], { cwd: dir });
    expect(code).toBe(0);
    const [last, ...events] = [...jsonLines(stdout)].reverse();
    expect(last).toMatchObject({ ok: true, data: { jobs: [{ state: 'taken' }] } });
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter(({ type }) => typeof type !== 'string')).toEqual([]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'progress', task: 'Reading contacts', unit: 'records', done: expect.any(Number) as number }),
    );
  });

  it('names the nearest job where there is none of that name', async () => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot] }');
    const { code, json } = await call(dir, 'backup', 'run', 'nigthly');
    expect([code, json.error]).toMatchObject([10, { code: 'not-found', message: expect.stringContaining('nightly') as string }]);
  });

  it('builds on the snapshot before, which then stays; on none where that is damaged, or the job says so', async () => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot], incremental: true, keep: { last: 1 } }');
    const run = async (): Promise<{ readonly id: string; readonly bases: readonly string[]; readonly bytes: number; readonly path: string }> => {
      const { code, json } = await call(dir, 'backup', 'run', 'nightly');
      expect(code).toBe(0);
      return ((json.data['jobs'] as readonly unknown[])[0] as { snapshot: Awaited<ReturnType<typeof run>> }).snapshot;
    };
    const [first, second, third] = [await run(), await run(), await run()];
    expect([second.bases, third.bases]).toEqual([[first.id], [first.id, second.id]]);
    expect(third.bytes).toBeLessThan(first.bytes);
    expect((await call(dir, 'snapshot', 'verify', third.id)).code).toBe(0);
    expect((await call(dir, 'snapshot', 'show', third.id)).json.data).toMatchObject({ bases: [first.id, second.id] });
    const refused = await call(dir, 'snapshot', 'delete', first.id);
    expect([refused.code, refused.json.error['code']]).toEqual([6, 'snapshot-needed']);
    const pruned = (await call(dir, 'backup', 'prune')).json.data['snapshots'] as readonly { verdict: { stays: boolean } }[];
    expect(pruned.map(({ verdict }) => verdict.stays)).toEqual([true, true, true]);
    expect((await call(dir, 'diff', first.id, third.id)).code).toBe(0);

    const bytes = await readFile(first.path);
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 400);
    await writeFile(first.path, bytes);
    const whole = await run();
    expect(whole.bases).toEqual([]);
    expect((await run()).bases).toEqual([whole.id]);
    await setJobs(dir, 'nightly: { platforms: [hubspot], incremental: false }');
    expect((await run()).bases).toEqual([]);
  });
});
