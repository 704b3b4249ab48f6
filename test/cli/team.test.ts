import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { freshUrl } from '../store/postgres-support.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';
import { type Finished, jsonLines, runback } from './support/child.js';

/** A user would lose: the incident, where a colleague on another machine looks for it; or the state, on its way to where both can. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const CONFIG = 'version: 1\nplatforms: {}\n';
const SHARED = `${CONFIG}store: env:RUNBACK_STORE_URL\n`;

interface Laptop {
  readonly dir: string;
  go(...args: readonly string[]): Promise<Finished>;
  say(config: string): Promise<void>;
}

/** A folder with a runback.yml, and nothing else in common with another laptop but the address of the state. */
async function laptop(as: string, url: string, config: string): Promise<Laptop> {
  const dir = join(await temporaryFolder(), 'workspace');
  await mkdir(dir);
  const say = async (text: string): Promise<void> => await writeFile(join(dir, 'runback.yml'), text);
  await say(config);
  const env = { RUNBACK_STORE_URL: url, RUNBACK_AS: as };
  return { dir, say, go: async (...args) => await runback([...args, '--no-input'], { cwd: dir, env }) };
}

const OPEN = ['incident', 'open', 'Wrong job titles', '--severity', 'sev3'] as const;
const data = ({ stdout }: Finished): Record<string, unknown> => jsonLines(stdout).at(-1)?.['data'] as Record<string, unknown>;
const incidents = async (one: Laptop): Promise<readonly string[]> =>
  (data(await one.go('incident', 'list', '--json'))['incidents'] as readonly { readonly id: string }[]).map(({ id }) => id);

test('what begins in the folder of one laptop moves to a database, is seen and continued on another one, and comes back', async () => {
  const url = freshUrl(server, await server.createDatabase()).replace('postgres@', 'postgres:hunter2-hunter2@');
  const [maya, lee] = [await laptop('maya', url, CONFIG), await laptop('lee', url, SHARED)];
  const opened = await maya.go(...OPEN);
  expect(opened, opened.stderr).toMatchObject({ code: 0 });
  const [id = ''] = await incidents(maya);
  const before = await readFile(join(maya.dir, '.runback', 'incidents', id, 'journal.ndjson'), 'utf8');

  await maya.say(SHARED);
  expect(await maya.go('status'), 'two truths are not begun').toMatchObject({
    code: 6,
    stderr: expect.stringContaining('Take store out of runback.yml') as string,
  });
  await maya.say(CONFIG);
  const moved = await maya.go('state', 'move', '--to', 'env:RUNBACK_STORE_URL');
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  expect(moved.stdout).toContain('store: env:RUNBACK_STORE_URL');
  expect(`${moved.stdout}${moved.stderr}`).not.toContain('hunter2');
  expect(await maya.go('incident', 'ack', id)).toMatchObject({ code: 6, stderr: expect.stringContaining('was moved to') as string });
  expect(await maya.go('state', 'move', '--to', 'env:RUNBACK_STORE_URL')).toMatchObject({ code: 6 });

  await maya.say(SHARED);
  expect(await incidents(lee), 'on another machine').toEqual([id]);
  expect(await lee.go('incident', 'ack', id)).toMatchObject({ code: 0 });
  expect((await maya.go('incident', 'show', id)).stdout).toContain('lee');
  const doctor = await lee.go('doctor');
  expect(doctor.stdout).toContain('State of the team');
  expect(`${doctor.stdout}${doctor.stderr}`).not.toContain('hunter2');

  expect(await maya.go('state', 'move', '--to', 'elsewhere')).toMatchObject({ code: 64 });
  expect(await maya.go('state', 'move', '--to', '.runback')).toMatchObject({ code: 0 });
  expect(await lee.go('incident', 'list')).toMatchObject({ code: 6, stderr: expect.stringContaining('was moved to') as string });
  await maya.say(CONFIG);
  expect(await incidents(maya)).toEqual([id]);
  expect((await readFile(join(maya.dir, '.runback', 'incidents', id, 'journal.ndjson'), 'utf8')).startsWith(before)).toBe(true);
});

test('where the database is away, a command says so, and what to do', async () => {
  const one = await laptop('maya', 'postgres://maya:hunter2-hunter2@127.0.0.1:1/state', SHARED);
  const ended = await one.go('incident', 'list');
  expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('The database of the state does not answer') as string });
  expect(`${ended.stdout}${ended.stderr}`).not.toContain('hunter2');
});
