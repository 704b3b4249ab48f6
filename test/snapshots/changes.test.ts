import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareKeys, type Link, type PlatformRecord } from '../../src/records/index.js';
import {
  type Catalog,
  compareLinks,
  compareObjects,
  createSnapshot,
  type CreateSnapshotDeps,
  openCatalog,
  type SnapshotReader,
  type SnapshotSummary,
} from '../../src/snapshots/index.js';
import { tries } from '../support/sweeps.js';
import { memoryPlatform, type MemoryOptions, objectSchema } from './memory-platform.js';
import { collect, workspace } from './support.js';

/** What a platform holds at one time. */
interface State {
  readonly contacts: readonly PlatformRecord[];
  readonly links: readonly Link[];
}

const KIND = 'contacts~contacts~knows';

const platformIn = ({ contacts, links }: State, options: MemoryOptions) => memoryPlatform('crm', { objects: { contacts }, links: { [KIND]: links } }, options);

async function take(state: State, deps: CreateSnapshotDeps, options: MemoryOptions, base?: SnapshotReader): Promise<SnapshotSummary> {
  const request = { platforms: [platformIn(state, options)], by: 'maya' };
  return await createSnapshot(base === undefined ? request : { ...request, base }, deps);
}

/** Each state as a snapshot that builds on the one before. */
async function chainOf(states: readonly State[], deps: CreateSnapshotDeps, options: MemoryOptions): Promise<readonly string[]> {
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
async function linesOf(reader: SnapshotReader): Promise<readonly string[]> {
  const infos = [...reader.manifest.objects, ...reader.manifest.links];
  const parts = infos.flatMap((info) => info.parts.map(async (part) => (await reader.partBytes(info, part)).toString()));
  return await Promise.all(parts);
}

async function using<T>(catalog: Catalog, ids: readonly string[], use: (...readers: readonly SnapshotReader[]) => Promise<T>): Promise<T> {
  const readers = await Promise.all(ids.map(async (id) => await catalog.open(id)));
  try {
    return await use(...readers);
  } finally {
    for (const reader of readers) await reader.close();
  }
}

/** Everything that differs between two snapshots. */
const differences = async (a: SnapshotReader, b: SnapshotReader): Promise<unknown> => ({
  contacts: await collect(compareObjects(a, b, 'crm', 'contacts')),
  links: await collect(compareLinks(a, b, 'crm', KIND)),
});

const person = (key: string, text: string): PlatformRecord => ({ key, fields: { name: text, city: `${text} town` }, meta: { seen: text } });

const key = (whole: boolean): fc.Arbitrary<string> =>
  whole ? fc.integer({ min: -300, max: 300 }).map(String) : fc.oneof(fc.integer({ min: 0, max: 90 }).map(String), fc.string({ unit: 'binary', maxLength: 6 }));

const stateOf = (whole: boolean): fc.Arbitrary<State> =>
  fc.record({
    contacts: fc.uniqueArray(fc.tuple(key(whole), fc.constantFrom('Ann', 'Bo', 'was', '"', '},"meta":{')).map(([id, text]) => person(id, text)), {
      selector: (record) => record.key,
      maxLength: 60,
    }),
    links: fc
      .uniqueArray(fc.tuple(fc.constantFrom('1', '2', '"3', '40'), key(false)), { selector: ([from, to]) => JSON.stringify([from, to]), maxLength: 60 })
      .map((pairs) => pairs.map(([from, to]): Link => ({ from, to })).sort((a, b) => compareKeys(a.from, b.from) || compareKeys(a.to, b.to))),
  });

const story = fc.boolean().chain((whole) => fc.record({ whole: fc.constant(whole), states: fc.array(stateOf(whole), { minLength: 2, maxLength: 6 }) }));

describe('a snapshot that builds on another', () => {
  it('reads as a full one would, byte for byte, however long the chain, and is compared as one', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ whole, states }) => {
        const deps = await workspace();
        const options: MemoryOptions = { schemas: [objectSchema('contacts', whole ? { keyOrder: 'integer' } : {})] };
        const chain = await chainOf(states, deps, options);
        const full: string[] = [];
        for (const state of states) full.push((await take(state, deps, options)).id);
        const catalog = openCatalog(deps);
        for (const [n, id] of chain.entries()) {
          const [before = id, other = id] = [chain[n - 1], full[n]];
          const fullBefore = full[n - 1] ?? other;
          await using(catalog, [id, other, before, fullBefore], async (delta, whole, first, wholeFirst) => {
            if (!delta || !whole || !first || !wholeFirst) throw new Error('not opened');
            expect(await linesOf(delta)).toEqual(await linesOf(whole));
            const plain = ({ manifest }: SnapshotReader): unknown =>
              [...manifest.objects, ...manifest.links].map(({ changes, parts, ...info }) => ({ ...info, parts: parts.map(({ firstTo, lastTo, ...part }) => part) }));
            expect(plain(delta)).toEqual(plain(whole));
            expect(await differences(first, delta)).toEqual(await differences(wholeFirst, whole));
            expect(await differences(delta, first)).toEqual(await differences(whole, wholeFirst));
            const [info, wholeInfo] = [delta, whole].map(({ manifest }) => manifest.objects[0]);
            for (const record of states[n]?.contacts.slice(0, 5) ?? [])
              expect(info && (await delta.line(info, record.key))).toBe(wholeInfo && (await whole.line(wholeInfo, record.key)));
          });
          expect((await catalog.verify(id)).damage).toEqual([]);
          expect((await catalog.resolve(id)).bases).toEqual(chain.slice(0, n));
        }
      }),
      { numRuns: tries(200) },
    );
  }, 300_000);
});
