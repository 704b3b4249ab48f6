import { readFile, writeFile } from 'node:fs/promises';

import { Open } from 'unzipper';

import { sha256 } from '../../src/lib/index.js';
import { manifestBytes } from '../../src/snapshots/container/manifest.js';
import { ContainerWriter } from '../../src/snapshots/container/writer.js';
import type { SnapshotManifest } from '../../src/snapshots/index.js';

type Unsigned = Omit<SnapshotManifest, 'sha256'>;

/**
 * What somebody who can write to the folder of snapshots would do: another snapshot in its place, all digests and the
 * seal made anew. Every check of bytes that the file alone allows holds. `edit` changes the entries (the manifest is
 * not among them); `manifest` what is then said of them, or gives the bytes of its entry.
 */
export async function craft(
  path: string,
  edit: (entries: Map<string, Buffer>) => void,
  manifest: (unsigned: Unsigned) => Unsigned | Buffer = (unsigned) => unsigned,
): Promise<void> {
  const entries = new Map<string, Buffer>();
  for (const file of (await Open.buffer(await readFile(path))).files) entries.set(file.path, await file.buffer());
  const { sha256: _own, ...unsigned } = JSON.parse(entries.get('manifest.json')?.toString('utf8') ?? '') as SnapshotManifest;
  entries.delete('manifest.json');
  edit(entries);
  const digests = new Map<string, string>();
  for (const [name, bytes] of entries) digests.set(name, sha256(bytes));
  const again = <I extends SnapshotManifest['objects'][number]>(info: I): I => {
    const parts = info.parts.map((part) => ({ ...part, bytes: entries.get(part.name)?.length ?? part.bytes, sha256: digests.get(part.name) ?? '' }));
    return { ...info, parts, digest: sha256(parts.map((part) => part.sha256).join('')) };
  };
  const listed = Object.fromEntries(Object.keys(unsigned.entries).map((name) => [name, digests.get(name) ?? '']));
  const said = manifest({ ...unsigned, entries: listed, objects: unsigned.objects.map(again), links: unsigned.links.map(again) });
  const written: Buffer[] = [];
  const container = await ContainerWriter.begin((bytes) => {
    written.push(Buffer.from(bytes));
    return Promise.resolve();
  }, new Date(unsigned.header.startedAt));
  for (const [name, bytes] of entries) await container.add(name, bytes);
  await container.add('manifest.json', Buffer.isBuffer(said) ? said : manifestBytes(said));
  await container.finish();
  await writeFile(path, Buffer.concat(written));
}

/** The same snapshot with other values in it. `from` and `to` have the same length. */
export async function forge(path: string, from: string, to: string): Promise<void> {
  await craft(path, (entries) => {
    for (const [name, bytes] of entries) entries.set(name, Buffer.from(bytes.toString('utf8').replaceAll(from, to), 'utf8'));
  });
}
