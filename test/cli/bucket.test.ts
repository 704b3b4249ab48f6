import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
import { S3Client } from '../../src/snapshots/index.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace } from './support/workspace.js';

const JOBS = `backups:
  jobs: { nightly: { platforms: [hubspot], schedule: "0 2 * * *", target: 26h } }
`;
const POLICY = `version: 1
timezone: UTC
people:
  ann: { name: Ann Example, email: ann@example.com, contact: [email], role: lead }
channels:
  pages: { type: command, run: ["true"] }
authority:
  lead: { may: [pause-syncs, snapshot, plan, approve-restore, resume-syncs] }
severities:
  sev3: { means: Something is degraded, policy: all, quiet_hours: ignore }
policies:
  all: { levels: [{ notify: ["channel:pages"], ack_within: 15m }] }
`;

/** Somebody removes the bytes of a snapshot, and leaves its entry. */
async function removeBytes({ endpoint, region, bucket, accessKey: key, secretKey: secret, objects }: S3Server, id: string): Promise<void> {
  const place = { endpoint, region, bucket, prefix: '' };
  const client = new S3Client({ place, credentials: () => Promise.resolve({ key, secret }), clock: systemClock, environment: {} });
  const object = [...objects().keys()].find((name) => name.includes(`/${id}.`) && !name.includes('/index/'));
  await client.send({ method: 'DELETE', key: object ?? '' });
  await client.close();
}

/** A user would lose: the good values, where the folder of snapshots was lost with the machine. */
test('G36: a restore from a bucket; when the storage is gone, what is on fire is shown, and a failing job opens an incident', async () => {
  const server = await startS3();
  onTestFinished(async () => await server.close().catch(() => undefined));
  const workspace = await openWorkspace(20);
  onTestFinished(() => workspace.close());
  const file = join(workspace.dir, 'runback.yml');
  const bucket = `backups:
  storage: s3://${server.bucket}/team
  endpoint: ${server.endpoint}
  credentials: { key: env:S3_KEY, secret: env:S3_SECRET }
${JOBS.slice(JOBS.indexOf('\n') + 1)}`;
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^backups: .*\n/mu, bucket));
  const env = { S3_KEY: server.accessKey, S3_SECRET: server.secretKey };
  const go = async (...args: string[]): Promise<Finished> => await runHere([...args, '--no-input', '--as', 'ann'], { cwd: workspace.dir, env });
  const json = async (...args: string[]): Promise<{ code: number | null; data: Record<string, unknown> }> => {
    const { code, stdout } = await go(...args, '--json');
    return { code, data: (jsonLines(stdout).at(-1) as { data: Record<string, unknown> }).data };
  };

  expect((await go('doctor')).stdout).toContain(`Storage: s3://${server.bucket}/team`);
  const base = await json('backup', 'run', 'nightly');
  expect(base.code).toBe(0);
  expect((await go('snapshot', 'verify', 'latest')).code).toBe(0);
  expect([...server.objects().keys()].filter((key) => key.endsWith('.zip'))).toHaveLength(1);
  expect(await readdir(join(workspace.dir, '.runback', 'storage'))).not.toContainEqual(expect.stringMatching(/^snap-/u));

  const titles = workspace.damage(5, 'Damaged by a sync');
  const plan = await json('restore', 'plan', '--platform', 'hubspot', '--base', 'latest-verified', '--unattributed', 'include');
  const id = String(plan.data['id']);
  expect(await go('restore', 'apply', id, '--confirm', 'sandbox:5')).toMatchObject({ code: 0 });
  for (const [contact, before] of titles) expect(workspace.title(contact)).toBe(before);

  const other = await json('snapshot', 'create', '--platform', 'hubspot');
  const gone = String(other.data['id']);
  await removeBytes(server, gone);
  expect((await go('snapshot', 'list')).stdout.replaceAll(/\s+/gu, ' ')).toMatch(
    new RegExp(`Damaged: \\S+${gone}.zip .*runback snapshot delete ${gone}`, 'u'),
  );
  expect(await go('snapshot', 'verify', gone)).toMatchObject({ code: 65, stderr: expect.stringContaining('are gone') as string });
  expect((await go('snapshot', 'delete', gone)).stderr).toContain(`--confirm entry:${gone}`);
  expect(await go('snapshot', 'delete', gone, '--confirm', `entry:${gone}`)).toMatchObject({ code: 0 });
  expect((await go('snapshot', 'list')).stdout).not.toContain(gone);

  await writeFile(join(workspace.dir, 'escalation.yml'), POLICY);
  await server.close();
  const status = await json('status');
  expect(status.code).toBe(3);
  expect(status.data['snapshotTrouble']).toMatch(/storage|cannot be used/u);
  expect((await go('status')).stdout).toMatch(/Snapshots cannot be listed/u);
  expect((await go('backup', 'run', 'nightly')).code).not.toBe(0);
  expect((await go('incident', 'list')).stdout).toContain('Backup job nightly needs attention');
  const jobs = await json('backup', 'jobs');
  expect(jobs.code).toBe(3);
  expect(jobs.data['jobs']).toMatchObject([
    {
      job: 'nightly',
      late: false,
      unlisted: expect.stringContaining('cannot be used') as string,
      incident: expect.stringMatching(/^inc-/u) as string,
    },
  ]);
  // What is not known ends no alarm: with the storage still away, it is told once.
  await go('backup', 'run', '--due');
  expect((await json('incident', 'list')).data['incidents']).toHaveLength(1);
});
