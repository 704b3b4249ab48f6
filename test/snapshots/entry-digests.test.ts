import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { ZipArchive } from 'archiver';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isRunbackError, sha256 } from '../../src/lib/index.js';
import { EntryDigests } from '../../src/snapshots/container/entry-digests.js';
import { ContainerWriter } from '../../src/snapshots/container/writer.js';
import { openCatalog, type SnapshotReader } from '../../src/snapshots/index.js';
import { everyPoint } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';
import { entriesOf, type PackedEntry } from './packed.js';
import { collect, recordsIn, snapshotOf, workspace } from './support.js';

/** Bytes as parts are, and as they are not: empty, that do not pack, that look like the end of an entry. */
const content = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.integer({ min: 1, max: 200_000 }).map((length) => Buffer.alloc(length, 'abcdefgh"city":"Ghent"')),
  fc.integer({ min: 1, max: 100_000 }).map((length) => randomBytes(length)),
  fc
    .integer({ min: 1, max: 300 })
    .map((times) => Buffer.concat(Array.from({ length: times }, () => Buffer.from('504b0708000000000000000000000000', 'hex')))),
);

async function zipOf(contents: readonly Buffer[]): Promise<{ readonly zip: Buffer; readonly digests: readonly (string | undefined)[] }> {
  const written: Buffer[] = [];
  const container = await ContainerWriter.begin(async (bytes) => void written.push(Buffer.from(bytes)), new Date('2026-11-27T00:00:00Z'));
  for (const [i, bytes] of contents.entries()) await container.add(`part-${i}`, bytes);
  const digests: (string | undefined)[] = [];
  for (const i of contents.keys()) digests.push(await container.storedDigest(`part-${i}`));
  await container.finish();
  return { zip: Buffer.concat(written), digests };
}

test('the digest of each entry is that of its bytes as they lie in the zip', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 6 }), async (contents) => {
      const { zip, digests } = await zipOf(contents);
      expect(digests).toEqual((await entriesOf(zip)).map(({ packed }) => sha256(packed)));
    }),
    { numRuns: 60 },
  );
});

test('it is so however the bytes are cut, and however far behind they are when an entry is packed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 100_000 })), { minLength: 4, maxLength: 4 }),
      async (contents, cuts, lags) => {
        const { zip } = await zipOf(contents);
        const entries = await entriesOf(zip);
        const digests = new EntryDigests();
        let taken = 0;
        let cut = 0;
        const takeTo = (end: number): void => {
          while (taken < end) {
            const to = Math.min(end, taken + (cuts[cut++ % cuts.length] ?? 1));
            digests.take(zip.subarray(taken, to));
            taken = to;
          }
        };
        for (const [i, { end }] of entries.entries()) {
          digests.begin(`part-${i}`, contents[i]?.length ?? 0);
          // No byte of the next comes before this one is packed.
          takeTo(Math.max(taken, end - (lags[i] ?? 0)));
          digests.end();
        }
        takeTo(zip.length);
        const told = entries.map(
          async (_, i) => await Promise.race([digests.of(`part-${i}`), new Promise((done) => setImmediate(() => done('not told')))]),
        );
        expect(await Promise.all(told)).toEqual(entries.map(({ packed }) => sha256(packed)));
      },
    ),
    { numRuns: 150 },
  );
});

/** A snapshot that the catalog knows, and how to open it there. */
async function known(): Promise<{ readonly path: string; readonly open: () => Promise<SnapshotReader> }> {
  const deps = await workspace();
  const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(40) } }), deps);
  const catalog = openCatalog({ dir: deps.dir, store: deps.store, clock: deps.clock });
  return { path, open: async () => await catalog.open(basename(path, '.zip')) };
}

test('a snapshot notes the digest of each part as it is stored', async () => {
  const { path, open } = await known();
  const reader = await open();
  const packed = new Map((await entriesOf(await readFile(path))).map((entry): [string, PackedEntry] => [entry.name, entry]));
  const parts = reader.manifest.objects.flatMap((info) => info.parts);
  expect(parts.length).toBeGreaterThan(2);
  for (const { name, stored } of parts) expect(stored).toBe(sha256(packed.get(name)?.packed ?? ''));
  await reader.close();
});

test('a changed byte gives no wrong line, also where only the bytes in the file are hashed', async () => {
  const { path, open } = await known();
  const good = await readFile(path);
  const intact = await open();
  const lines = new Set(await collect(intact.lines(intact.manifest.objects[0] as never)));
  await intact.close();
  let damaged = 0;
  for (let at = 0; at < good.length; at += everyPoint ? 1 : 7) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
    await writeFile(path, bad);
    const reader = await open().catch((error: unknown) => {
      if (isRunbackError(error)) return undefined;
      throw error;
    });
    if (reader === undefined) continue;
    for (const info of reader.manifest.objects)
      for (const line of await collect(reader.lines(info, { onDamage: () => (damaged += 1) }))) expect(lines.has(line), `byte ${at}`).toBe(true);
    await reader.close();
  }
  expect(damaged).toBeGreaterThan(10);
});

test('a snapshot that another program packed again reads as it was written', async () => {
  const { path, open } = await known();
  const before = await open();
  const records = await recordsIn(before, 'crm', 'contacts');
  await before.close();
  const archive = new ZipArchive({ zlib: { level: 9 } });
  const chunks: Buffer[] = [];
  archive.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const { name, bytes } of await entriesOf(await readFile(path))) archive.append(bytes, { name });
  await archive.finalize();
  await writeFile(path, Buffer.concat(chunks));
  const again = await open();
  const [part] = again.manifest.objects[0]?.parts ?? [];
  const entry = (await entriesOf(await readFile(path))).find(({ name }) => name === part?.name);
  expect(sha256(entry?.packed ?? '')).not.toBe(part?.stored);
  expect(await recordsIn(again, 'crm', 'contacts')).toEqual(records);
  expect((await again.verify()).damage.map(({ entry }) => entry)).toEqual(['(container)']);
  await again.close();
});

test('of an encrypted entry it is that of what is encrypted', async () => {
  const written: Buffer[] = [];
  const encryption = { encrypt: async (bytes: Buffer) => await Promise.resolve(Buffer.concat([Buffer.from('sealed:'), bytes])) };
  const container = await ContainerWriter.begin(async (bytes) => void written.push(Buffer.from(bytes)), new Date(), encryption as never);
  for (const name of ['a', 'b']) await container.add(name, Buffer.alloc(9000, name));
  const digests = [await container.storedDigest('a'), await container.storedDigest('b')];
  await container.finish();
  expect(digests).toEqual((await entriesOf(Buffer.concat(written))).map(({ packed }) => sha256(packed)));
});
