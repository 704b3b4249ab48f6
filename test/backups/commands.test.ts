import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { stateOf } from '../../src/backups/jobs/state.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { jsonLines, runback } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { POLICY } from './support/policy.js';
import { call, setJobs, workspaceWith } from './support/workspace.js';

const NIGHTLY =
  'nightly: { platforms: [hubspot], schedule: "30 2 * * *", timezone: Europe/Berlin, target: 26h, pause_syncs: true, incremental: false, keep: { last: 1 } }';

/** As if the job was last dealt with three days ago. */
async function missed(dir: string): Promise<void> {
  const store = openFileStore({ dir: join(dir, '.runback'), clock: systemClock, redactor: new Redactor() });
  const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await stateOf(store, 'nightly').update((state) => {
    const { whole: _whole, ...rest } = state ?? { version: 1 };
    return { ...rest, firstSeen: at, handled: at, schedule: '30 2 * * * Europe/Berlin' };
  });
}

const jobIn = (json: { readonly data: Readonly<Record<string, unknown>> }): unknown => (json.data['jobs'] as readonly unknown[])[0];
/** A platform that does not answer. */
const unreachable = async (dir: string): Promise<void> => {
  const path = join(dir, 'runback.yml');
  await writeFile(
    path,
    (await readFile(path, 'utf8')).replace(/url: http:\S+/u, 'url: http://127.0.0.1:9').replace('limits: {', 'limits: { wait: 1s,'),
  );
};

describe('jobs by their schedule', () => {
  it('a timer catches up once, with the syncs as they were; a failure ends it with an error, told nobody', async () => {
    const { dir, paused } = await workspaceWith(NIGHTLY);
    expect(jobIn((await call(dir, 'backup', 'run', '--due')).json)).toMatchObject({ state: 'not-due' });
    await missed(dir);
    expect(jobIn((await call(dir, 'backup', 'run', '--due')).json)).toMatchObject({ state: 'taken' });
    expect(jobIn((await call(dir, 'backup', 'run', '--due')).json)).toMatchObject({ state: 'not-due' });
    expect(paused()).toBe(false);
    await unreachable(dir);
    await missed(dir);
    const failed = await call(dir, 'backup', 'run', '--due');
    expect([failed.code, failed.json.error['code']]).toEqual([3, 'platform-unreachable']);
    // What is wrong lasts: each look says so.
    const again = await call(dir, 'backup', 'run', '--due');
    expect([again.code, again.json.error]).toMatchObject([1, { code: 'backup-failing' }]);
    expect(paused()).toBe(false);
  });

  it('a timer waits for the next day of the account where half of this one would not be left to others; a person does not', async () => {
    const { dir, sandbox } = await workspaceWith(NIGHTLY);
    await call(dir, 'backup', 'run', 'nightly');
    await missed(dir);
    sandbox.setLimits({ perDay: 2 * (sandbox.counts().requests + 6) });
    const waits = await call(dir, 'backup', 'run', '--due');
    expect([waits.code, jobIn(waits.json)]).toMatchObject([
      0,
      { state: 'waits', quota: { platform: 'hubspot', needs: expect.any(Number) as number } },
    ]);
    const { stdout } = await runHere(['backup', 'jobs'], { cwd: dir });
    expect(stdout.replaceAll(/\s+/gu, ' ')).toContain('half of the requests of the day are for others: hubspot has used');
    expect(jobIn((await call(dir, 'backup', 'run', 'nightly')).json)).toMatchObject({ state: 'taken', quota: { platform: 'hubspot' } });
  });

  it('a failure opens one incident where escalation.yml says who is told, and its job does not wait for that', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    await writeFile(join(dir, 'escalation.yml'), POLICY);
    const good = await readFile(join(dir, 'runback.yml'), 'utf8');
    await call(dir, 'backup', 'run', '--due');
    await unreachable(dir);
    await missed(dir);
    await call(dir, 'backup', 'run', '--due');
    await missed(dir);
    await call(dir, 'backup', 'run', '--due');
    const incidents = async () =>
      (await call(dir, 'incident', 'list')).json.data['incidents'] as readonly { readonly title: string; readonly severity: string }[];
    expect(await incidents()).toMatchObject([{ title: 'Backup job nightly needs attention', severity: 'sev3' }]);
    await writeFile(join(dir, 'runback.yml'), good);
    await missed(dir);
    expect(jobIn((await call(dir, 'backup', 'run', '--due')).json)).toMatchObject({ state: 'taken' });
    // Another incident on its platform holds it back, and a person does not have to wait.
    await call(dir, 'incident', 'open', 'Wrong names', '--severity', 'sev3', '--platform', 'hubspot');
    await missed(dir);
    expect(jobIn((await call(dir, 'backup', 'run', '--due')).json)).toMatchObject({ state: 'waits' });
    expect(jobIn((await call(dir, 'backup', 'run', 'nightly')).json)).toMatchObject({
      state: 'taken',
      incident: expect.stringMatching(/^inc-/u) as string,
    });
    expect(await incidents()).toHaveLength(2);
  });

  it('two timers at the same moment take one snapshot', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    await call(dir, 'backup', 'run', '--due');
    await missed(dir);
    const ends = await Promise.all([1, 2].map(async () => await runback(['backup', 'run', '--due', '--workspace', dir, '--json'])));
    const states = ends.map(
      ({ stdout }) => (jobIn(jsonLines(stdout).at(-1) as unknown as Parameters<typeof jobIn>[0]) as { readonly state: string }).state,
    );
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(states.filter((state) => state === 'taken')).toHaveLength(1);
    expect(jobIn((await call(dir, 'backup', 'jobs')).json)).toMatchObject({ snapshots: 1 });
  });

  it('the daemon does with --once what is due, in a process of its own, and says so', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    await runback(['daemon', '--once', '--workspace', dir]);
    await missed(dir);
    const { code, stdout } = await runback(['daemon', '--once', '--workspace', dir, '--json']);
    expect([code, JSON.stringify(jsonLines(stdout))]).toEqual([0, expect.stringContaining('Backup job nightly: taken (status 0).')]);
    const view = jobIn((await call(dir, 'backup', 'jobs')).json);
    expect(view).toMatchObject({ snapshots: 1, last: { end: 'done' }, late: false });
  });
});

describe('a job of which something cannot be read', () => {
  const TWO = `${NIGHTLY}\nother: { platforms: [hubspot] , schedule: "0 3 * * *" }`;
  const spoil = async (dir: string, kind: string): Promise<string> => {
    const path = join(dir, '.runback', 'documents', kind, 'nightly.json');
    await writeFile(path, '{}');
    return path;
  };

  it.each(['backup-jobs', 'backup-alarms'])('%s: the other job runs and is shown, and the file is named', async (kind) => {
    const { dir } = await workspaceWith(TWO);
    await call(dir, 'backup', 'run', '--due');
    const store = openFileStore({ dir: join(dir, '.runback'), clock: systemClock, redactor: new Redactor() });
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
    await stateOf(store, 'other').update((state) => ({ ...(state ?? { version: 1 }), firstSeen: at, handled: at, schedule: '0 3 * * * UTC' }));
    await store.document<object>('backup-alarms', 'nightly').update(() => ({ version: 1, problem: 'late', since: at }));
    const path = await spoil(dir, kind);
    const run = await call(dir, 'backup', 'run', '--due');
    expect((run.json.data['jobs'] as readonly unknown[])[1]).toMatchObject({ job: 'other', state: 'taken' });
    expect([run.code === 0, JSON.stringify(run.json.error)]).toEqual([false, expect.stringContaining(path)]);
    const shown = await call(dir, 'backup', 'jobs');
    expect([shown.code, shown.json.error]).toMatchObject([1, { code: 'backup-failing', why: expect.stringContaining(path) as string }]);
    expect(shown.json.data).toMatchObject({ jobs: [{ job: 'other', snapshots: 1 }], unread: [{ job: 'nightly' }] });
    const screen = await runHere(['backup', 'jobs'], { cwd: dir });
    expect(screen.stdout).toContain('nightly');
  });
});

describe('damage in what the next snapshot builds on', () => {
  it.each([
    ['in its records', (bytes: Buffer) => bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 400)],
    ['so that it cannot be opened', (bytes: Buffer) => bytes.fill(0, 0)],
  ])('%s opens an incident, although the snapshot holds everything', async (_where, spoil) => {
    const { dir } = await workspaceWith('nightly: { platforms: [hubspot], incremental: true }');
    await writeFile(join(dir, 'escalation.yml'), POLICY);
    const first = jobIn((await call(dir, 'backup', 'run', 'nightly')).json) as { readonly snapshot: { readonly id: string; readonly path: string } };
    await call(dir, 'snapshot', 'verify', first.snapshot.id);
    await writeFile(first.snapshot.path, spoil(await readFile(first.snapshot.path)));
    const again = jobIn((await call(dir, 'backup', 'run', 'nightly')).json);
    expect(again).toMatchObject({ state: 'taken', snapshot: { bases: [] }, base: { snapshot: first.snapshot.id } });
    const incidents = async () => (await call(dir, 'incident', 'list')).json.data['incidents'];
    expect(await incidents()).toMatchObject([{ title: 'Backup job nightly needs attention', severity: 'sev3' }]);
    expect((await call(dir, 'snapshot', 'show', 'latest-verified')).code).not.toBe(0);
    await call(dir, 'backup', 'run', 'nightly');
    expect(jobIn((await call(dir, 'backup', 'jobs')).json)).not.toHaveProperty('incident');
    expect(await incidents()).toHaveLength(1);
  });
});

describe('screens of jobs', () => {
  it('prints a service and a timer', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    const { stdout } = await runHere(['backup', 'jobs', '--systemd'], { cwd: dir });
    expect(stdout).toMatch(/^ExecStart=.* backup run --due --workspace \S+$/mu);
    expect(stdout).toContain('OnCalendar=*:0/5');
    expect(stdout).toContain(`ReadWritePaths=${dir}`);
  });

  it('draws the trend with signs that LANG=C can show, and prune explains each snapshot', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    for (let n = 0; n < 3; n += 1) await call(dir, 'backup', 'run', 'nightly');
    const plain = await runHere(['backup', 'jobs'], { cwd: dir, env: { LANG: 'C', LC_ALL: 'C' } });
    expect(plain.stdout).toMatch(/Trend\s+[_.\-=+*#]{3} {2}/u);
    // oxlint-disable-next-line no-control-regex -- only these are meant
    expect(plain.stdout).toMatch(/^[\x00-\x7f]*$/u);
    const dry = await runHere(['backup', 'prune', '--dry-run'], { cwd: dir });
    expect(dry.stdout.match(/would go {2}snap-/gu)).toHaveLength(2);
    expect(dry.stdout).toContain('last: newer ones have all of its places (1)');
    expect((await call(dir, 'backup', 'prune')).json.data['snapshots']).toHaveLength(3);
    expect((await call(dir, 'snapshot', 'list')).json.data['snapshots']).toHaveLength(1);
    expect((await call(dir, 'backup', 'prune', '--job', 'other')).code).toBe(10);
  });

  it.each([
    ['{ platforms: [hubspot], schedule: "99 2 * * *" }', 'not a schedule'],
    ['{ platforms: [hubspot], window: { from: "22:00", to: "22:00" } }', 'closes when it opens'],
    ['{ platforms: [hubspot], window: { from: "24:00", to: "06:00" } }', 'no time of day'],
    ['{ platforms: [hubspot], timezone: Mars/Olympus }', 'not a known time zone'],
    ['{ platforms: [hubspot], keep: {} }', 'no rule'],
    ['{ platforms: [hubspot], target: 5ms }', 'too short'],
    ['{ platforms: [hubspot], keep: { last: 0 } }', 'last'],
    ['{ platforms: [hubspto] }', 'hubspot'],
  ])('%s is refused where it stands', async (job, why) => {
    const { dir } = await workspaceWith(NIGHTLY);
    await setJobs(dir, `nightly: ${job}`);
    const { code, json } = await call(dir, 'backup', 'jobs');
    expect([code, JSON.stringify(json.error)]).toEqual([65, expect.stringContaining(why)]);
  });
});
