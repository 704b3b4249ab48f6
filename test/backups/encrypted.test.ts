import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';

import { call, workspaceWith } from './support/workspace.js';

const NIGHTLY = 'nightly: { platforms: [hubspot], incremental: true }';

/** A workspace whose snapshots are encrypted, and the file with the key that opens them. */
async function scene() {
  const { dir } = await workspaceWith(NIGHTLY);
  const identity = await generateIdentity();
  const path = join(dir, 'runback.yml');
  const plain = await readFile(path, 'utf8');
  await writeFile(join(dir, 'backup.key'), `# public key: …\n${identity}\n`);
  await chmod(join(dir, 'backup.key'), 0o600);
  const recipient = await identityToRecipient(identity);
  const configure = async (backups: string): Promise<void> => await writeFile(path, plain.replace('backups:', `backups:\n  ${backups}`));
  return { dir, identity, recipient, configure, encrypt: `encrypt: { to: [${recipient}] }` };
}

it('a job on a machine that has no key takes encrypted snapshots, and a person with the key reads, verifies and plans from them', async () => {
  const { dir, configure, encrypt, identity } = await scene();
  await configure(encrypt);
  const taken = await call(dir, 'backup', 'run', 'nightly');
  expect([taken.code, taken.json.data]).toMatchObject([0, { jobs: [{ state: 'taken', snapshot: { encrypted: 'unreadable' } }] }]);
  expect((await call(dir, 'backup', 'run', 'nightly')).code).toBe(0);
  const listed = await call(dir, 'snapshot', 'list');
  expect(listed.json.data['snapshots']).toMatchObject([{ encrypted: 'unreadable', bases: [] }, { encrypted: 'unreadable' }]);
  expect((await call(dir, 'backup', 'jobs')).json.data['jobs']).toMatchObject([{ late: false, last: { end: 'done' } }]);
  const refused = await call(dir, 'diff', 'latest', 'live');
  expect([refused.code, refused.json.error]).toMatchObject([65, { code: 'snapshot-encrypted' }]);
  expect((await call(dir, 'snapshot', 'verify', 'latest')).json.data).toMatchObject({ read: 'bytes' });
  expect((await call(dir, 'snapshot', 'show', 'latest-verified')).code).toBe(10);
  await configure(`${encrypt}\n  identity: file:backup.key`);
  expect((await call(dir, 'snapshot', 'verify', 'latest')).code).toBe(0);
  expect((await call(dir, 'restore', 'plan', '--platform', 'hubspot', '--base', 'latest-verified')).code).toBe(0);
  const third = await call(dir, 'backup', 'run', 'nightly');
  expect(third.json.data).toMatchObject({ jobs: [{ snapshot: { encrypted: 'readable', bases: [expect.any(String)] } }] });
  const words = JSON.stringify([taken, listed, third]);
  expect(words).not.toContain(identity);
});

it('a key that opens nothing makes the next snapshot suspect and says so; one that is missing is named', async () => {
  const { dir, configure, encrypt } = await scene();
  await configure(`${encrypt}\n  identity: file:other.key`);
  await writeFile(join(dir, 'other.key'), await generateIdentity(), { mode: 0o600 });
  const sick = await call(dir, 'doctor');
  expect((sick.json.data['checks'] as readonly { readonly what: string }[]).find(({ what }) => what === 'Encryption')).toMatchObject({
    ok: false,
    code: 'snapshot-encrypted',
  });
  const taken = await call(dir, 'backup', 'run', 'nightly');
  expect([taken.code, JSON.stringify(taken.json.data)]).toEqual([3, expect.stringContaining('no key here opens it')]);
  await configure(`${encrypt}\n  identity: file:gone.key`);
  const gone = await call(dir, 'snapshot', 'verify', 'latest');
  expect(gone.json.error).toMatchObject({ code: 'snapshot-encrypted', why: expect.stringContaining('gone.key') as string });
  await configure('encrypt: { to: [ssh-ed25519 AAAA] }');
  expect((await call(dir, 'snapshot', 'list')).json.error).toMatchObject({ code: 'file-invalid' });
});

it('snapshots are encrypted again for a new key, also those that were plain, and what refers to them still knows them', async () => {
  const { dir, configure, recipient } = await scene();
  const plain = await call(dir, 'snapshot', 'create', '--platform', 'hubspot');
  const { id, digest } = plain.json.data as { readonly id: string; readonly digest: string };
  expect((await call(dir, 'snapshot', 're-encrypt', id)).json.error).toMatchObject({
    code: 'usage',
    next: expect.stringContaining('encrypt') as string,
  });
  await configure(`encrypt: { to: [${recipient}] }\n  identity: file:backup.key`);
  expect((await call(dir, 'snapshot', 're-encrypt')).json.error).toMatchObject({ code: 'usage' });
  expect((await call(dir, 'snapshot', 're-encrypt', '--all')).code).toBe(0);
  const next = await generateIdentity();
  await writeFile(join(dir, 'next.key'), next, { mode: 0o600 });
  await configure(`encrypt: { to: [${await identityToRecipient(next)}] }\n  identity: file:backup.key`);
  const renewed = await call(dir, 'snapshot', 're-encrypt', id);
  expect(renewed.json.data, JSON.stringify(renewed)).toMatchObject({ snapshots: [{ id, digest, encrypted: 'unreadable' }] });
  await configure('identity: file:next.key');
  expect((await call(dir, 'snapshot', 'verify', id)).code).toBe(0);
  expect((await call(dir, 'snapshot', 'list')).json.data).toMatchObject({ snapshots: [{ id, digest, encrypted: 'readable' }] });
});
