import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';

import { verifyTask } from '../../src/backups/index.js';
import { taskStateOf } from '../../src/backups/schedule/task.js';
import { POLICY, storeIn } from '../backups/support/policy.js';
import { call, type Json, workspaceWith } from '../backups/support/workspace.js';
import { runback } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';

/** Stored snapshots are read again by schedule, and damage is told: through the command line. */

const VERIFY = 'verify: { schedule: "0 3 * * *", budget: 5m }';

async function workspace(backups = VERIFY): Promise<string> {
  const { dir } = await workspaceWith('nightly: { platforms: [hubspot] }');
  const path = join(dir, 'runback.yml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('backups:', `backups:\n  ${backups}`));
  return dir;
}

/** As if snapshots were last looked after three days ago. */
async function missed(dir: string): Promise<void> {
  const backups = { storage: 'backups', jobs: {}, verify: { schedule: '0 3 * * *', timezone: 'UTC', budget: '5m' } };
  const task = verifyTask({ platforms: {}, backups });
  if (task === undefined) throw new Error('it has a schedule');
  const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await taskStateOf(storeIn(dir), task).update((state) => ({
    ...(state ?? { version: 1 }),
    firstSeen: at,
    handled: at,
    schedule: '0 3 * * * UTC',
  }));
}

/** Damages the records in the newest snapshot; gives its id. */
async function spoil(dir: string): Promise<string> {
  const name = (await readdir(join(dir, 'backups'))).sort().at(-1) ?? '';
  const path = join(dir, 'backups', name);
  const bytes = await readFile(path);
  const at = bytes.indexOf('data/hubspot/contacts/00001.ndjson') + 80;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
  return name.replace('.zip', '');
}

const listed = (json: Json, name: string): readonly Readonly<Record<string, unknown>>[] => json.data[name] as never;

it('damage opens one incident, more of it is noted there, and latest-verified moves back', async () => {
  const dir = await workspace();
  await writeFile(join(dir, 'escalation.yml'), POLICY);
  for (let n = 0; n < 3; n += 1) await call(dir, 'backup', 'run', 'nightly');
  expect((await call(dir, 'snapshot', 'verify', '--due')).json.data).toMatchObject({ state: 'not-due' });
  await missed(dir);
  const first = await call(dir, 'snapshot', 'verify', '--due');
  expect([first.code, first.json.data]).toMatchObject([0, { state: 'ended', end: { end: 'done', result: { left: 0, damaged: [] } }, alarms: {} }]);
  const id = await spoil(dir);
  await missed(dir);
  const second = await call(dir, 'snapshot', 'verify', '--due');
  expect([second.code, second.json.error]).toMatchObject([65, { code: 'snapshot-damaged', message: `Damaged: ${id}` }]);
  await missed(dir);
  await call(dir, 'snapshot', 'verify', '--due');
  const incidents = listed((await call(dir, 'incident', 'list')).json, 'incidents');
  expect(incidents).toMatchObject([{ title: 'Stored snapshots are damaged', severity: 'sev3', platforms: ['hubspot'] }]);
  const verified = await call(dir, 'snapshot', 'show', 'latest-verified');
  expect([verified.code, verified.json.data['id'] === id]).toEqual([0, false]);
  const shown = await runHere(['backup', 'jobs'], { cwd: dir });
  expect(shown.stdout.replaceAll(/\s+/gu, ' ')).toMatch(/Verification .* 2 snapshots as written, 1 damaged, 0 left; 5m each; next: /u);
  await rm(join(dir, 'backups', `${id}.zip`));
  await missed(dir);
  expect((await call(dir, 'snapshot', 'verify', '--due')).code).toBe(0);
  const timeline = JSON.stringify((await call(dir, 'incident', 'show', String(incidents[0]?.['id']))).json.data);
  expect(timeline).toContain(`The damaged snapshot ${id} is no longer stored.`);
});

it('nobody to tell: each look fails, and so does the daemon; a person sees it at once', async () => {
  const dir = await workspace();
  await call(dir, 'backup', 'run', 'nightly');
  const id = await spoil(dir);
  const asked = await call(dir, 'snapshot', 'verify', '--budget', '10m');
  expect([asked.code, asked.json.data]).toMatchObject([65, { damaged: [{ snapshot: id }], left: 0 }]);
  await missed(dir);
  const daemon = await runback(['daemon', '--once', '--json'], { cwd: dir });
  expect([daemon.code, daemon.stdout]).toEqual([1, expect.stringContaining('Verification of snapshots: ended (status 65).')]);
  expect(await call(dir, 'snapshot', 'verify', '--due')).toMatchObject({ code: 1, json: { error: { code: 'backup-failing' } } });
  for (const wrong of [['latest', '--due'], ['--due', '--budget', '1m'], []])
    expect((await call(dir, 'snapshot', 'verify', ...wrong)).code, wrong.join(' ')).toBe(64);
});

it('without a key, the bytes of an encrypted snapshot are compared with what was recorded', async () => {
  const dir = await workspace(`encrypt: { to: [${await identityToRecipient(await generateIdentity())}] }`);
  await call(dir, 'backup', 'run', 'nightly');
  const good = await call(dir, 'snapshot', 'verify', 'latest');
  expect([good.code, good.json.data]).toMatchObject([0, { read: 'bytes' }]);
  expect((await runHere(['snapshot', 'verify', 'latest'], { cwd: dir })).stdout).toContain('does not count as verified');
  expect((await runHere(['snapshot', 'list'], { cwd: dir })).stdout).toContain('not verified, bytes as written');
  expect((await call(dir, 'snapshot', 'show', 'latest-verified')).code).toBe(10);
  const id = await spoil(dir);
  const bad = await call(dir, 'snapshot', 'verify', id);
  expect([bad.code, bad.json.error]).toMatchObject([65, { code: 'snapshot-damaged' }]);
  expect((await call(dir, 'snapshot', 'verify', '--due')).json.error).toMatchObject({ code: 'usage' });
});
