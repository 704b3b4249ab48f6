import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { Open } from 'unzipper';
import { describe, expect, it } from 'vitest';

import type { PlatformRecord } from '../../src/records/index.js';
import { compareLinks, compareObjects, openCatalog, type RecordName } from '../../src/snapshots/index.js';
import { fullSweeps, tries } from '../support/sweeps.js';
import { chainOf, KIND, linesOf, person, spoil, type State, story, take, using } from './chains.js';
import { type MemoryOptions, objectSchema } from './memory-platform.js';
import { collect, workspace } from './support.js';

/** Every byte of every entry of a snapshot, unpacked. */
async function everythingIn(dir: string, ids: readonly string[]): Promise<string> {
  const texts: string[] = [];
  for (const id of ids) for (const file of (await Open.file(join(dir, `${id}.zip`))).files) texts.push(file.path, (await file.buffer()).toString());
  return texts.join('\n');
}

const without = ({ contacts, links }: State, keys: ReadonlySet<string>): State => ({
  contacts: contacts.filter((one) => !keys.has(one.key)),
  links: links.filter(({ from, to }) => !keys.has(from) && !keys.has(to)),
});

/** Its values are found nowhere else. */
const secretly = (record: PlatformRecord): PlatformRecord => person(record.key, `s3cret of ${record.key} ${record.fields['name'] as string}`);

const recordsOf = (keys: Iterable<string>): readonly RecordName[] => [...keys].map((key) => ({ platform: 'crm', object: 'contacts', key }));

const stories = story.chain((told) => {
  const keys = [...new Set(told.states.flatMap(({ contacts, links }) => [...contacts.map(({ key }) => key), ...links.map(({ to }) => to)]))];
  const some = keys.length === 0 ? fc.constant([]) : fc.subarray(keys, { maxLength: Math.min(4, keys.length) });
  return fc.record({ told: fc.constant(told), keys: some, stopAfter: fc.integer({ min: 0, max: 12 }) });
});

describe('records that are forgotten', () => {
  // What was deleted for somebody stays deleted, and a restore from what is left must not do harm.
  it('are in no snapshot any more, whatever it builds on, and count as not known; everything else reads as before', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async ({ told: { whole, states: made }, keys, stopAfter }) => {
        const gone = new Set(keys);
        const states = made.map(({ contacts, links }) => ({ contacts: contacts.map((one) => (gone.has(one.key) ? secretly(one) : one)), links }));
        const deps = await workspace();
        const options: MemoryOptions = { schemas: [objectSchema('contacts', whole ? { keyOrder: 'integer' } : {})] };
        const chain = await chainOf(states, deps, options);
        const catalog = openCatalog(deps);
        // Somebody stops it on the way, and begins anew.
        let steps = 0;
        for await (const { why } of catalog.forget(recordsOf(gone), 'maya')) {
          expect(why).toBeUndefined();
          if ((steps += 1) > stopAfter) break;
        }
        for (const id of chain) expect((await catalog.verify(id)).damage).toEqual([]);
        for await (const { why } of catalog.forget(recordsOf(gone), 'maya')) expect(why).toBeUndefined();
        for await (const held of catalog.held(recordsOf(gone))) expect(held).toMatchObject({ lines: [] });
        expect(await everythingIn(deps.dir, chain)).not.toContain('s3cret');
        const wanted: string[] = [];
        for (const state of states) wanted.push((await take(without(state, gone), deps, options)).id);
        for (const [n, id] of chain.entries()) {
          expect((await catalog.verify(id)).damage).toEqual([]);
          const before = chain[n - 1] ?? id;
          const [now, was] = [wanted[n] ?? id, wanted[n - 1] ?? wanted[n] ?? id];
          await using(catalog, [id, before, now, was], async (own, ownBefore, right, rightBefore) => {
            if (!own || !ownBefore || !right || !rightBefore) throw new Error('not opened');
            expect((await linesOf(own)).join('')).toBe((await linesOf(right)).join(''));
            expect(await collect(compareObjects(ownBefore, own, 'crm', 'contacts'))).toEqual(
              await collect(compareObjects(rightBefore, right, 'crm', 'contacts')),
            );
          });
        }
        // The platform still has them: nobody knows whether they were there.
        const again = (await take(states.at(-1) ?? { contacts: [], links: [] }, deps, options)).id;
        await using(catalog, [chain.at(-1) ?? '', again], async (old, fresh) => {
          if (!old || !fresh) throw new Error('not opened');
          for (const [a, b] of [
            [old, fresh],
            [fresh, old],
          ] as const) {
            expect(await collect(compareObjects(a, b, 'crm', 'contacts'))).toEqual([]);
            expect(await collect(compareLinks(a, b, 'crm', KIND))).toEqual([]);
          }
        });
      }),
      { numRuns: fullSweeps ? 300 : tries(64) },
    );
  });

  // A user would lose: a snapshot for good, which could have been read again once its key or its storage was back.
  it('stay in what a snapshot builds on that cannot be written anew now, and that is told', async () => {
    const deps = await workspace();
    const people = Array.from({ length: 60 }, (_, n) => person(String(100 + n), `Ann ${n}`));
    const states: State[] = [
      { contacts: people, links: [{ from: '100', to: '101' }] },
      { contacts: [...people.slice(0, 59), person('900', 'Bo')], links: [{ from: '100', to: '101' }] },
    ];
    const [full = '', last = ''] = await chainOf(states, deps, {});
    const catalog = openCatalog(deps);
    const path = join(deps.dir, `${last}.zip`);
    const whole = await readFile(path);
    await spoil(path, 'changes-data/crm/contacts/00001.ndjson');
    const told = async () => {
      const all: unknown[] = [];
      for await (const one of catalog.forget(recordsOf(['110']), 'maya')) all.push(one);
      return all;
    };
    expect(await told()).toEqual([
      { snapshot: last, lines: 0, why: expect.stringContaining('Cannot read') as string },
      { snapshot: full, lines: 0, why: expect.stringContaining(last) as string },
    ]);
    await writeFile(path, whole);
    expect((await catalog.verify(last)).damage).toEqual([]);
    expect(await told()).toEqual([
      { snapshot: last, lines: 1 },
      { snapshot: full, lines: 1 },
    ]);
    for (const id of [full, last]) expect((await catalog.verify(id)).damage).toEqual([]);
  });
});
