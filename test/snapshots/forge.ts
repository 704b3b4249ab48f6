import { readFile, writeFile } from 'node:fs/promises';

import { Open } from 'unzipper';

import { sha256 } from '../../src/lib/index.js';
import { ContainerWriter, digestAside } from '../../src/snapshots/container/writer.js';
import type { SnapshotManifest } from '../../src/snapshots/index.js';
import { manifestBytes } from '../../src/snapshots/manifest.js';

/**
 * What somebody who can write to the folder of snapshots would do: the same snapshot with other values in it, all digests and the seal made
 * anew. Every check that the file alone allows holds. `from` and `to` have the same length.
 */
export async function forge(path: string, from: string, to: string): Promise<void> {
  const entries = new Map<string, Buffer>();
  for (const file of (await Open.buffer(await readFile(path))).files) entries.set(file.path, await file.buffer());
  const manifest = JSON.parse(entries.get('manifest.json')?.toString('utf8') ?? '') as SnapshotManifest;
  const digests = new Map<string, string>();
  for (const [name, bytes] of entries) {
    const changed = Buffer.from(bytes.toString('utf8').replaceAll(from, to), 'utf8');
    entries.set(name, changed);
    digests.set(name, await digestAside(changed));
  }
  const { sha256: _own, ...unsigned } = manifest;
  const objects = manifest.objects.map((info) => {
    const parts = info.parts.map((part) => ({ ...part, sha256: digests.get(part.name) ?? '' }));
    return { ...info, parts, digest: sha256(parts.map((part) => part.sha256).join('')) };
  });
  entries.set('manifest.json', manifestBytes({ ...unsigned, objects }));
  const written: Buffer[] = [];
  const container = await ContainerWriter.begin((bytes) => {
    written.push(Buffer.from(bytes));
    return Promise.resolve();
  }, new Date(manifest.header.startedAt));
  for (const [name, bytes] of entries) await container.add(name, bytes);
  await container.finish();
  await writeFile(path, Buffer.concat(written));
}
