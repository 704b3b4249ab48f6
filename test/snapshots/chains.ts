import { open } from 'node:fs/promises';

import * as fc from 'fast-check';
import { Open } from 'unzipper';

import { compareKeys, type Link, type PlatformRecord } from '../../src/records/index.js';
import {
  type Catalog,
  createSnapshot,
  type CreateSnapshotDeps,
  openCatalog,
  type SnapshotReader,
  type SnapshotSummary,
} from '../../src/snapshots/index.js';
import { memoryPlatform, type MemoryOptions } from './memory-platform.js';

/** What a platform holds at one time. */
export interface State {
  readonly contacts: readonly PlatformRecord[];
  readonly links: readonly Link[];
}

export const KIND = 'contacts~contacts~knows';

export const platformIn = ({ contacts, links }: State, options: MemoryOptions) =>
  memoryPlatform('crm', { objects: { contacts }, links: { [KIND]: links } }, options);

export async function take(state: State, deps: CreateSnapshotDeps, options: MemoryOptions, base?: SnapshotReader): Promise<SnapshotSummary> {
  const request = { platforms: [platformIn(state, options)], by: 'maya' };
  return await createSnapshot(base === undefined ? request : { ...request, base }, deps);
}

/** Each state as a snapshot that builds on the one before. */
export async function chainOf(states: readonly State[], deps: CreateSnapshotDeps, options: MemoryOptions): Promise<readonly string[]> {
  const catalog = openCatalog(deps);
  const ids: string[] = [];
  for (const state of states) {
    const last = ids.at(-1);
    const base = last === undefined ? undefined : await catalog.open(last);
    try {
      ids.push((await take(state, deps, options, base)).id);
    } finally {
      await base?.close();
    }
  }
  return ids;
}

/** All lines of a snapshot, part by part. */
export async function linesOf(reader: SnapshotReader): Promise<readonly string[]> {
  const infos = [...reader.manifest.objects, ...reader.manifest.links];
  const parts = infos.flatMap((info) => info.parts.map(async (part) => (await reader.partBytes(info, part)).toString()));
  return await Promise.all(parts);
}

export async function using<T>(catalog: Catalog, ids: readonly string[], use: (...readers: readonly SnapshotReader[]) => Promise<T>): Promise<T> {
  const readers = await Promise.all(ids.map(async (id) => await catalog.open(id)));
  try {
    return await use(...readers);
  } finally {
    for (const reader of readers) await reader.close();
  }
}

export const person = (key: string, text: string): PlatformRecord => ({ key, fields: { name: text, city: `${text} town` }, meta: { seen: text } });

const key = (whole: boolean): fc.Arbitrary<string> =>
  whole
    ? fc.integer({ min: -300, max: 300 }).map(String)
    : fc.oneof(fc.integer({ min: 0, max: 90 }).map(String), fc.string({ unit: 'binary', maxLength: 6 }));

const stateOf = (whole: boolean): fc.Arbitrary<State> =>
  fc.record({
    contacts: fc.uniqueArray(
      fc.tuple(key(whole), fc.constantFrom('Ann', 'Bo', 'was', '"', '},"meta":{')).map(([id, text]) => person(id, text)),
      {
        selector: (record) => record.key,
        maxLength: 60,
      },
    ),
    links: fc
      .uniqueArray(fc.tuple(fc.constantFrom('1', '2', '"3', '40'), key(false)), {
        selector: ([from, to]) => JSON.stringify([from, to]),
        maxLength: 60,
      })
      .map((pairs) => pairs.map(([from, to]): Link => ({ from, to })).sort((a, b) => compareKeys(a.from, b.from) || compareKeys(a.to, b.to))),
  });

export const story = fc
  .boolean()
  .chain((whole) => fc.record({ whole: fc.constant(whole), states: fc.array(stateOf(whole), { minLength: 2, maxLength: 6 }) }));

/** Changes bytes in the middle of an entry. */
export async function spoil(path: string, entry: string): Promise<void> {
  const { files } = await Open.file(path);
  const found = files.find((file) => file.path === entry);
  if (found === undefined) throw new Error(`no entry ${entry}`);
  const at = found.offsetToLocalFileHeader + 30 + entry.length + (found.compressedSize >> 1);
  const handle = await open(path, 'r+');
  await handle.write(Buffer.from([0xff, 0x00, 0xff]), 0, 3, at);
  await handle.close();
}
