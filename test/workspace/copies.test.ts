import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { loadWorkspace } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

const CREDENTIALS = 'credentials: { key: env:K, secret: env:S }';

async function withBackups(backups: string, prepare?: (root: string) => Promise<void>): Promise<Awaited<ReturnType<typeof loadWorkspace>>> {
  const root = await temporaryFolder();
  await prepare?.(root);
  await writeFile(join(root, 'runback.yml'), `version: 1\nbackups: ${backups}\n`);
  return await loadWorkspace(root);
}

test('a copy has a place and keep rules of its own', async () => {
  const { root, stateDir, copies } = await withBackups(
    `{ storage: here, copies: { disk: { storage: there }, cloud: { storage: s3://bucket/prefix, ${CREDENTIALS}, lock_for: 30d, keep: { monthly: 12 } } } }`,
  );
  expect(copies).toMatchObject([
    { name: 'disk', dir: join(root, 'there') },
    {
      name: 'cloud',
      dir: join(stateDir, 'copies', 'cloud'),
      bucket: { bucket: 'bucket', prefix: 'prefix', lockForMs: 30 * 86_400_000 },
      keep: { monthly: 12 },
    },
  ]);
});

/** A user would lose: snapshots that the jobs keep, by the rules of a copy that lies in their place. */
test('a copy in the place of the snapshots, or of another copy, is refused under whatever name', async () => {
  const same = expect.objectContaining({ code: 'file-invalid' }) as Error;
  const link = async (root: string): Promise<void> => {
    await mkdir(join(root, 'backups'));
    await symlink(join(root, 'backups'), join(root, 'other'));
  };
  for (const [backups, prepare] of [
    ['{ copies: { a: { storage: backups } } }'],
    ['{ storage: x/../b, copies: { a: { storage: ./b/ } } }'],
    ['{ copies: { a: { storage: there }, b: { storage: there/. } } }'],
    ['{ copies: { a: { storage: other } } }', link],
    [`{ storage: s3://bucket/p, ${CREDENTIALS}, copies: { a: { storage: s3://bucket/p/, region: eu-west-1, ${CREDENTIALS} } } }`],
    [
      `{ storage: s3://bucket/p, endpoint: "https://S3.example.com", ${CREDENTIALS}, copies: { a: { storage: s3://bucket/p, endpoint: "https://s3.example.com:443", ${CREDENTIALS} } } }`,
    ],
  ] as const)
    await expect(withBackups(backups, prepare), backups).rejects.toEqual(same);
  await expect(withBackups(`{ copies: { a: { storage: backups } } }`)).rejects.toThrow(/the same place as backups\.storage/u);
});

test('what a bucket needs, and rules that keep nothing, are checked of copies too', async () => {
  await expect(withBackups('{ copies: { a: { storage: s3://bucket/p } } }')).rejects.toThrow(/a bucket needs them/u);
  await expect(withBackups('{ copies: { a: { storage: there, lock_for: 30d } } }')).rejects.toThrow(/only for a bucket/u);
  await expect(withBackups('{ copies: { a: { storage: there, keep: {} } } }')).rejects.toThrow(/names no rule/u);
  await expect(withBackups('{ copies: { a: { keep: { last: 1 } } } }')).rejects.toThrow(/storage/u);
});
