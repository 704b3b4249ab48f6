import { describe, expect, it } from 'vitest';

import { runHere } from '../cli/support/here.js';
import { call, workspaceWith } from './support/workspace.js';

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

  it('names the nearest job where there is none of that name', async () => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot] }');
    const { code, json } = await call(dir, 'backup', 'run', 'nigthly');
    expect([code, json.error]).toMatchObject([10, { code: 'not-found', message: expect.stringContaining('nightly') as string }]);
  });
});
