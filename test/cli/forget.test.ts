import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { everythingIn, holding, PERSON, story, world } from './support/forget-world.js';

/** A user would lose: the promise given to a person, and with it the right to keep backups at all. */
test.each([false, true])('a person is erased from everything that is kept, and everything else works on (encrypted: %s)', async (encrypted) => {
  const at = await world(encrypted);
  const { dir, folder, victim, identity, go, json, title, contacts } = at;
  const { before, plan, restore, records } = await story(at);
  expect(title(victim)).toBe(PERSON.jobtitle);

  const folders = [join(dir, '.runback'), join(dir, 'backups'), folder];
  const was = await everythingIn(folders, identity);
  expect(holding(was).length).toBeGreaterThan(6);
  const find = ['forget', '--object', 'contacts', '--find', `email=${PERSON.email.toUpperCase()}`];
  const dry = await json(...find, '--dry-run');
  expect([dry.code, dry.data['keys']]).toEqual([0, [victim]]);
  expect((dry.data['found'] as { what: string }[]).map(({ what }) => what)).toEqual(
    expect.arrayContaining(['snapshot', 'plan', 'journal', 'document']),
  );
  const refused = await go(...find);
  expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('--confirm forget:1')]);
  const untouched = await everythingIn(folders, identity);
  for (const [path, text] of was) if (!path.includes('/logs/')) expect(untouched.get(path), path).toBe(text);

  const done = await go('forget', '--object', 'contacts', '--key', victim, '--confirm', 'forget:1', '--reason', 'request 17');
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('Forgotten') as string });
  const now = await everythingIn(folders, identity);
  expect(holding(now)).toEqual([]);
  expect([...now.values()].join('\n')).toContain('request 17');

  // Every chain holds, and the rest is there.
  for (const id of (await readdir(join(dir, 'backups'))).map((name) => name.replace('.zip', ''))) {
    expect((await go('snapshot', 'verify', id)).code).toBe(0);
    expect(await go('snapshot', 'cat', id, 'contacts', victim)).toMatchObject({ code: 10, stderr: expect.stringContaining('forgotten') as string });
    expect((await go('snapshot', 'cat', id, 'contacts', contacts[3] ?? '')).code).toBe(0);
  }
  expect((await go('restore', 'show', plan)).code).toBe(0);
  expect((await go('incident', 'list')).stdout).toContain('(forgotten) complained');
  expect((await go('status')).code).toBe(0);
  expect((await go('backup', 'copy')).code).toBe(0);
  // What was done to others is undone; the person stays as it is on the platform.
  expect((await go('restore', 'undo', restore)).code).toBe(0);
  expect([title(victim), title(contacts[3] ?? '')]).toEqual([PERSON.jobtitle, 'Intern']);
  // The record is still on the platform: nothing says that it was created, and no restore deletes it.
  await go('backup', 'run', 'nightly');
  const again = await json('restore', 'plan', '--platform', 'hubspot', '--base', before, '--damaged', 'latest', '--delete-created');
  expect(again.data['counts']).toMatchObject({ actions: { update: records - 1 } });
});

test('other records that hold an address of the person are named, and stay', async () => {
  const { go, json, contacts, victim, write } = await world(false);
  write(contacts[5] ?? '', { about_us: `Ask ${PERSON.email}` });
  await go('snapshot', 'create', '--platform', 'hubspot');
  const { data } = await json('forget', '--object', 'contacts', '--key', victim, '--confirm', 'forget:1');
  expect(data['also']).toEqual({ count: 1, records: [{ platform: 'hubspot', object: 'contacts', key: contacts[5], field: 'about_us' }] });
  const { stdout } = await go('forget', '--object', 'contacts', '--key', victim, '--dry-run');
  expect(stdout).toContain('Nothing of it is kept here');
  expect(await go('forget', '--object', 'contacts', '--find', 'email')).toMatchObject({ code: 64 });
  expect(await go('forget', '--object', 'contacts', '--find', `email=${PERSON.email}`)).toMatchObject({ code: 10 });
});

test('what is old is deleted as runback.yml says, and nothing without it', async () => {
  const at = await world(false);
  const { restore } = await story(at);
  expect((await at.go('prune')).stdout).toContain('Everything is kept of: plans, investigations, runs, restores, logs');
  const file = join(at.dir, 'runback.yml');
  await writeFile(file, `${await readFile(file, 'utf8')}history: { plans: 1s, investigations: 1s, runs: 1s, restores: 1s, logs: 1d }\n`);
  const { code, data } = await at.json('prune', '--dry-run');
  expect([code, data['history'], data['kept']]).toEqual([0, [], []]);
  expect((await at.go('prune')).stdout).toContain('Nothing is old enough to delete');
  expect(await readdir(join(at.dir, '.runback', 'restores'))).toEqual([restore]);
});
