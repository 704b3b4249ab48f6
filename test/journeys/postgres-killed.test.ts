import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { program } from '../cli/support/child.js';
import { type CrashMoment, type CrashResult, runCrashing } from '../support/crash.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { fileSyncs, openOperator, type Operator } from './support/operator.js';

const RUNBOOK = `version: 1
id: names
title: Undo wrong names
symptoms: [One name appears on many rows]
inputs:
  platform: { type: platform, prompt: Which platform? }
steps:
  - { id: pause, title: Stop the syncs, action: syncs.pause, with: { writes_to: "\${{ inputs.platform }}" } }
  - { id: evidence, title: Keep the evidence, action: snapshot.create, with: { platforms: ["\${{ inputs.platform }}"] } }
  - id: plan
    title: Work out what was damaged
    action: restore.plan
    with: { platform: "\${{ inputs.platform }}", base: latest-verified, damaged: "\${{ steps.evidence.snapshot }}", unattributed: include }
  - { id: apply, title: Put the good values back, action: restore.apply, with: { platform: "\${{ inputs.platform }}", plan: "\${{ steps.plan.plan }}" } }
  - { id: verify, title: Prove it, action: restore.verify, with: { plan: "\${{ steps.plan.plan }}" }, verify: steps.verify.remaining == 0 }
  - { id: resume, title: Start the syncs again, action: syncs.resume, with: { paused_by: "\${{ steps.pause.id }}" } }
`;

let server: TestPostgres;
let database: string;
let operator: Operator;
/** Names, and how often each was written since the damage, by id. */
const rows = (): Promise<readonly Record<string, string | null>[]> =>
  server.sql(database, 'SELECT name, (SELECT count(*) FROM writes w WHERE w.id = p.id) AS writes FROM people p ORDER BY id');
const damage = (): Promise<unknown> => server.sql(database, `UPDATE people SET name = 'Valued Customer' WHERE id <= 40; DELETE FROM writes`);

function run(verb: readonly string[], point?: { readonly n: number; readonly when: CrashMoment }): Promise<CrashResult> {
  const args = [program, 'runbook', ...verb, '--answers', 'answers.yml', '--json', '--no-input', '--as', 'maya'];
  return runCrashing({ args, cwd: operator.dir, which: ['pg'] }, point);
}
const START = ['run', 'names', '--input', 'platform=warehouse'];

beforeAll(async () => {
  server = await startPostgres();
  database = await server.createDatabase();
  // The database itself notes every write.
  await server.sql(
    database,
    `CREATE TABLE people (id int PRIMARY KEY, name text); CREATE TABLE writes (id int);
    INSERT INTO people SELECT i, 'Name ' || i FROM generate_series(1, 60) i;
    CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER noted AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_write();`,
  );
  operator = await openOperator(
    `version: 1
platforms:
  warehouse: { connector: postgres, environment: sandbox, url: "file:database-url", objects: [public.people] }
${fileSyncs('warehouse', 'sync:*')}backups: { storage: backups }
`,
    { 'database-url': server.url(database), 'answers.yml': 'apply: "sandbox:40"\n' },
  );
  await mkdir(join(operator.dir, 'runbooks'), { recursive: true });
  await operator.write('runbooks/names.yml', RUNBOOK);
  const { id } = await operator.done('snapshot', 'create', '--platform', 'warehouse');
  await operator.done('snapshot', 'verify', String(id));
});
afterAll(async () => {
  await operator.close();
  await server.stop();
});

test('a run against PostgreSQL that is killed in a write and right after it was committed is resumed to the end, and no row is written twice', async () => {
  const good = (await rows()).map(({ name }) => name);
  await damage();
  const whole = await run(START);
  expect(whole, whole.stdout.slice(-2000)).toMatchObject({ code: 0 });
  const updates = whole.operations.filter(({ target }) => target.includes('UPDATE'));
  expect(updates.length).toBeGreaterThan(1);
  const last = updates.at(-1)?.n ?? 0;
  const commit = whole.operations.find(({ n, target }) => n > last && target === 'COMMIT')?.n ?? 0;
  for (const point of [
    { n: last, when: 'after' },
    { n: commit, when: 'after' },
  ] as const) {
    await damage();
    const killed = await run(START, point);
    expect(killed, killed.stdout.slice(-2000)).toMatchObject({ killed: true });
    expect(await operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
    const resumed = await run(['resume', 'latest']);
    expect(resumed, resumed.stdout.slice(-2000)).toMatchObject({ code: 0 });
    const now = await rows();
    expect(now.map(({ name }) => name)).toEqual(good);
    expect(now.map(({ writes }) => Number(writes))).toEqual(good.map((_, n) => (n < 40 ? 1 : 0)));
    expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
  }
  expect((await readdir(join(operator.dir, '.runback', 'runs'))).length).toBe(3);
});
