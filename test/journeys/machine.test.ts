import { spawn } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { cleanEnv, type Finished, jsonLines, program } from '../cli/support/child.js';
import { DAMAGED, flat, openSmallRun, type SmallRun, START } from './support/small-run.js';

let run: SmallRun;
interface PlanData {
  readonly id: string;
  readonly counts: { readonly records: number; readonly conflicts: unknown };
}
const planOf = ({ stdout }: Finished): PlanData => (jsonLines(stdout).at(-1) as { readonly data: PlanData }).data;

beforeAll(async () => {
  run = await openSmallRun();
});
afterAll(() => run.close());

test('two at once: the second is told who holds the platform since when and ends with 11', async () => {
  await run.newDamage();
  const plan = planOf(
    await run.go(['restore', 'plan', '--platform', 'hubspot', '--base', 'latest-verified', '--unattributed', 'include', '--json']),
  ).id;
  let second: Promise<Finished> | undefined;
  // While the first one's write is under way, the second comes.
  run.sandbox.onRequest(async ({ path }) => {
    if (path.endsWith('batch/update')) await (second ??= run.go(['restore', 'apply', plan, '--confirm', `sandbox:${DAMAGED}`]));
  });
  const first = await run.go(START);
  run.sandbox.onRequest(undefined);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  const refused = await second;
  expect(refused, refused?.stderr).toMatchObject({ code: 11 });
  expect(flat(refused as Finished)).toMatch(
    /is held by maya for Undo wrong job titles on hubspot \(run-[\w-]+\) since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC .* Nothing was changed\. Next Wait until run-/u,
  );
  expect(run.open()).toBe(0);
});

test('a clock that jumps back three days between the stop and the resumption hinders nothing', async () => {
  await run.newDamage();
  const id = run.sandbox.faults.add({ kind: 'server-error', path: '*batch/update', after: 1, times: null });
  expect(await run.go(START)).toMatchObject({ code: 3 });
  run.sandbox.faults.remove(id);
  const shift = `const real = Date; globalThis.Date = class extends real {
    constructor(...given) { if (given.length > 0) super(...given); else super(real.now() - 259200000); }
    static now() { return real.now() - 259200000; } };`;
  await run.expectResumed({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` });
  expect(await run.go(['runbook', 'evidence', 'latest'])).toMatchObject({ code: 0 });
});

test('a disk that is full in the middle of a run: exit 3, and the run goes on when there is room', async () => {
  await run.newDamage();
  // A real limit of the system for every file, met in the middle of the work.
  const child = spawn('bash', ['-c', 'ulimit -f 16; exec "$@"', 'bash', process.execPath, program, ...START, '--no-input', '--as', 'maya'], {
    cwd: run.dir,
    env: cleanEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toMatch(/No room left while writing[^]*disk-full \(exit 3[^]*/u);
  expect(code).toBe(3);
  await run.expectResumed();
});

test('a state folder that cannot be one is told as such before anything is read or written, and is not taken for an empty one', async () => {
  await run.newDamage();
  const state = join(run.dir, '.runback');
  await rename(state, `${state}-away`);
  await writeFile(state, 'not a folder');
  const refused = await run.go(START);
  await rm(state);
  await rename(`${state}-away`, state);
  expect(refused, refused.stderr).toMatchObject({ code: 3 });
  expect(flat(refused)).toMatch(/\.runback is not a folder .* Nothing was read or changed\. .* disk-denied/u);
  expect(run.sandbox.counts().requests).toBe(0);
  expect(run.open()).toBe(DAMAGED);
});

test('a schema that changed since the evidence: those fields are conflicts with their codes, the others are restored', async () => {
  const { sandbox, contacts } = run;
  const ids = contacts.slice(20, 26);
  const write = (id: string, properties: Readonly<Record<string, string>>): void =>
    void sandbox.writeAs({ type: 'INTEGRATION', id: '4471120' }).apply({ action: 'update', object: 'contacts', id, properties });
  const good = { jobtitle: 'Right', about_us: 'good', interests: 'webinars;events', loyalty_points: '7' };
  for (const id of ids) write(id, good);
  const base = await run.base();
  for (const id of ids) write(id, { jobtitle: 'Wrong', about_us: 'bad', interests: 'newsletter', loyalty_points: '0' });
  const damaged = await run.base();

  const properties = sandbox.portal.types.get('contacts').properties;
  properties.delete('about_us');
  const interests = properties.get('interests');
  const points = properties.get('loyalty_points');
  if (interests === undefined || points === undefined) throw new Error('the sandbox has no such properties');
  properties.set('interests', { ...interests, options: interests.options.filter(({ value }) => value !== 'webinars') });
  properties.set('loyalty_points', { ...points, type: 'date', fieldType: 'date' });

  const flags = ['--platform', 'hubspot', '--base', base, '--damaged', damaged, '--unattributed', 'include', '--json'];
  const planned = await run.go(['restore', 'plan', ...flags]);
  const plan = planOf(planned);
  expect(plan.counts).toMatchObject({ records: 6, conflicts: { 'field-removed': 6, 'option-removed': 6, 'type-changed': 6 } });
  const applied = await run.go(['restore', 'apply', plan.id, '--confirm', 'sandbox:6', '--json']);
  expect(applied, applied.stderr).toMatchObject({ code: 0 });
  const after = sandbox.records('contacts').filter((record) => ids.includes(record.id));
  expect(after.map((record) => record.properties['jobtitle'])).toEqual(ids.map(() => 'Right'));
  expect(after.map((record) => record.properties['interests'])).toEqual(ids.map(() => 'newsletter'));
});
