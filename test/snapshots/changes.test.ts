import { spawnSync } from 'node:child_process';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { Open } from 'unzipper';
import { describe, expect, it } from 'vitest';

import { silentReporter } from '../../src/lib/index.js';
import { type PlatformRecord, recordLine } from '../../src/records/index.js';
import { parseHeader } from '../../src/snapshots/container/manifest.js';
import { compareLinks, compareObjects, createSnapshot, openCatalog, type SnapshotReader } from '../../src/snapshots/index.js';
import { everyPoint, fullSweeps, tries } from '../support/sweeps.js';
import { chainOf, KIND, linesOf, person, platformIn, spoil, type State, story, take, using } from './chains.js';
import { memoryPlatform, type MemoryOptions, objectSchema } from './memory-platform.js';
import { collect, reading, sides, workspace } from './support.js';

/** The entries of a zip, as any other program unpacks them. */
async function unzipped(path: string): Promise<{ readonly entries: ReadonlyMap<string, string> }> {
  const { files } = await Open.file(path);
  return { entries: new Map(await Promise.all(files.map(async (file) => [file.path, (await file.buffer()).toString()] as const))) };
}

/** Everything that differs between two snapshots. */
const differences = async (a: SnapshotReader, b: SnapshotReader): Promise<unknown> => ({
  contacts: await collect(compareObjects(a, b, 'crm', 'contacts')),
  links: await collect(compareLinks(a, b, 'crm', KIND)),
});

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
              [...manifest.objects, ...manifest.links].map(({ changes: _changes, parts, ...info }) => ({
                ...info,
                parts: parts.map(({ firstTo: _firstTo, lastTo: _lastTo, stored: _stored, ...part }) => part),
              }));
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
      { numRuns: fullSweeps ? 200 : tries(100) },
    );
  });

  const PEOPLE = Array.from({ length: 60 }, (_, n) => person(String(100 + n), `Ann ${n}`));
  const states = (): readonly State[] => [
    { contacts: PEOPLE, links: [{ from: '100', to: '101' }] },
    { contacts: PEOPLE.map((one, n) => (n === 5 ? person(one.key, 'Somebody else') : one)).slice(1), links: [] },
    { contacts: [...PEOPLE.slice(2), person('999', 'New')], links: [{ from: '102', to: '103' }] },
  ];
  const plain: MemoryOptions = {};

  it('holds what differs, and no more: what a record is, what it was, and that it is gone', async () => {
    const deps = await workspace();
    const ids = await chainOf(states(), deps, plain);
    const { entries } = await unzipped(join(deps.dir, `${ids[1]}.zip`));
    expect([...entries.keys()].filter((name) => /^(?:data|links)\//u.test(name))).toEqual([]);
    const linesIn = (name: string): unknown[] =>
      (entries.get(name) ?? '')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    expect(linesIn('changes-data/crm/contacts/00001.ndjson')).toEqual([{ gone: { key: '100' } }, person('105', 'Somebody else')]);
    expect(linesIn('was-data/crm/contacts/00001.ndjson')).toEqual([PEOPLE[0], PEOPLE[5]]);
    expect(entries.get('changes-links/crm/contacts~contacts~knows/00001.ndjson')).toBe('{"gone":{"from":"100","to":"101"}}\n');
    expect(entries.get('was-links/crm/contacts~contacts~knows/00001.ndjson')).toBe('{"from":"100","to":"101"}\n');
  });

  it('keeps what it builds on from being deleted, and is deleted first', async () => {
    const deps = await workspace();
    const [full = '', middle = '', last = ''] = await chainOf(states(), deps, plain);
    const catalog = openCatalog(deps);
    await expect(catalog.delete(full)).rejects.toMatchObject({
      code: 'snapshot-needed',
      exitCode: 6,
      data: { needed: expect.arrayContaining([middle, last]) },
    });
    await expect(catalog.delete(middle)).rejects.toMatchObject({ code: 'snapshot-needed', next: expect.stringContaining(last) });
    for (const id of [last, middle, full]) await catalog.delete(id);
    expect(await catalog.list()).toEqual([]);
  });

  it('cannot be deleted under one that is being made on it, nor is one made on a snapshot that is gone', async () => {
    const deps = await workspace();
    const [full = ''] = await chainOf(states().slice(0, 1), deps, plain);
    const catalog = openCatalog(deps);
    const base = await catalog.open(full);
    const second = states()[1];
    if (second === undefined) throw new Error('no state');
    let refused: unknown;
    const beforeBatch = async (): Promise<void> => {
      refused ??= await catalog.delete(full).catch((error: unknown) => error);
    };
    await take(second, deps, { beforeBatch }, base);
    expect(refused).toMatchObject({ code: 'locked' });
    const [newest] = await catalog.list();
    await catalog.delete(newest?.id ?? '');
    await catalog.delete(full);
    await expect(take(second, deps, plain, base)).rejects.toMatchObject({ code: 'not-found' });
    await base.close();
    expect(await catalog.list()).toEqual([]);
  });

  it('names the keys that cannot be read where what it builds on is damaged, and reads the rest', async () => {
    const deps = await workspace();
    const [full = '', , last = ''] = await chainOf(states(), deps, plain);
    const catalog = openCatalog(deps);
    const whole = await catalog.open(full);
    const [info] = whole.manifest.objects;
    const part = info?.parts[1];
    await whole.close();
    await spoil(join(deps.dir, `${full}.zip`), part?.name ?? '');
    // Known once, it counts for all that are made of it.
    expect((await catalog.resolve(last)).damaged).toBeUndefined();
    await catalog.verify(full);
    expect((await catalog.resolve(last)).damaged).toBeGreaterThan(0);
    const { damage } = await catalog.verify(last);
    expect(damage.length).toBeGreaterThan(0);
    for (const { why, object } of damage) expect([object, why]).toEqual(['contacts', expect.stringContaining(part?.name ?? '-')]);
    const reader = await catalog.open(last);
    const found: string[] = [];
    const missed: (string | undefined)[] = [];
    for (const its of reader.manifest.objects)
      for await (const batch of reader.lines(its, { onDamage: ({ firstKey }) => missed.push(firstKey) })) found.push(...batch);
    await reader.close();
    expect(missed.length).toBe(damage.length);
    expect(found.length).toBeGreaterThan(20);
    expect(found.length).toBeLessThan(59);
    const names = new Map(states()[2]?.contacts.map((one) => [one.key, recordLine(one)]));
    for (const line of found) expect(line).toBe(names.get((JSON.parse(line) as PlatformRecord).key));
  });

  it('is refused where another file took the place of what it builds on, or that is gone', async () => {
    const deps = await workspace();
    const [full = '', middle = '', last = ''] = await chainOf(states(), deps, plain);
    const catalog = openCatalog(deps);
    const path = (id: string): string => join(deps.dir, `${id}.zip`);
    await rm(path(full));
    const gone = (await catalog.verify(last)).damage;
    expect(gone.length).toBeGreaterThan(0);
    expect(gone[0]?.why).toContain(full);
    const other = await workspace();
    const [stranger = ''] = await chainOf([{ contacts: PEOPLE.slice(0, 3), links: [] }], other, plain);
    await copyFile(join(other.dir, `${stranger}.zip`), path(full));
    expect((await catalog.verify(last)).damage.length).toBeGreaterThan(0);
    expect((await catalog.resolve(middle)).bases).toEqual([full]);
  });

  it('finds every changed byte of its own file', async () => {
    const deps = await workspace();
    const [, middle = ''] = await chainOf(states(), deps, plain);
    const path = join(deps.dir, `${middle}.zip`);
    const bytes = await readFile(path);
    const catalog = openCatalog(deps);
    const step = everyPoint ? 1 : 29;
    const unseen: number[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await writeFile(path, changed);
      const found = await catalog.verify(middle).then(
        ({ damage }) => damage.length > 0,
        () => true,
      );
      if (!found) unseen.push(at);
    }
    expect(unseen).toEqual([]);
  });

  it('is compared with what it builds on without reading either: also where that is damaged', async () => {
    const deps = await workspace();
    const [full = '', middle = '', last = ''] = await chainOf(states(), deps, plain);
    const catalog = openCatalog(deps);
    const wanted = await using(catalog, [full, last], async (a, b) => (a && b ? await differences(a, b) : undefined));
    const whole = await catalog.open(full);
    const names = whole.manifest.objects.flatMap(({ parts }) => parts.map(({ name }) => name));
    await whole.close();
    for (const name of names) await spoil(join(deps.dir, `${full}.zip`), name);
    expect(await using(catalog, [full, last], async (a, b) => (a && b ? await differences(a, b) : undefined))).toEqual(wanted);
    const back = await using(catalog, [last, middle], async (a, b) => (a && b ? await collect(compareObjects(a, b, 'crm', 'contacts')) : []));
    expect(sides(back)).toEqual(['101 -b', '105 ab', '999 a-']);
  });

  it('finds what it builds on in its own folder where it is opened by its path', async () => {
    const deps = await workspace();
    const [, , last = ''] = await chainOf(states(), deps, plain);
    const catalog = openCatalog(deps);
    const wanted = await using(catalog, [last], async (reader) => (reader ? await linesOf(reader) : []));
    expect(await reading(join(deps.dir, `${last}.zip`), linesOf)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(2);
  });

  it('compares a kind of link with one that has another name on the other side, not with its namesake', async () => {
    const deps = await workspace();
    const [one, other] = [
      { from: '1', to: '2' },
      { from: '3', to: '4' },
    ];
    const platform = memoryPlatform('crm', { objects: { contacts: PEOPLE }, links: { [KIND]: [one], 'contacts~contacts~likes': [other] } });
    const { id } = await createSnapshot({ platforms: [platform], by: 'maya' }, deps);
    const catalog = openCatalog(deps);
    const base = await catalog.open(id);
    const built = await createSnapshot({ platforms: [platform], by: 'maya', base }, deps);
    await base.close();
    const found = await using(catalog, [id, built.id], async (a, b) =>
      a && b ? await collect(compareLinks(a, b, 'crm', KIND, { nameInB: 'contacts~contacts~likes' })) : [],
    );
    expect(found).toEqual([
      { change: 'removed', link: one },
      { change: 'added', link: other },
    ]);
  });

  it('never looks for what it builds on outside the folder', async () => {
    const digest = '0'.repeat(64);
    const header = (id: string): Buffer =>
      Buffer.from(JSON.stringify({ version: 3, id: 'snap-a', kind: 'delta', base: { id, digest }, startedAt: '', platforms: [], createdBy: '' }));
    expect(parseHeader(header('snap-20261128-020000-aaaa'), 'x')).toBeDefined();
    for (const id of ['../../etc/x', 'a/b', 'a\\b', '..', '']) expect(parseHeader(header(id), 'x')).toBeUndefined();
  });

  it('holds everything, and builds on nothing, where too much has changed: readers would pay for it', async () => {
    const deps = await workspace();
    const many = Array.from({ length: 3000 }, (_, n) => person(String(10_000 + n), `Ann ${n}`));
    const [full = ''] = await chainOf([{ contacts: many, links: [] }], deps, plain);
    const catalog = openCatalog(deps);
    const base = await catalog.open(full);
    const notes: string[] = [];
    const left = [many[0], many.at(-1)].flatMap((one) => one ?? []);
    const made = await createSnapshot({ platforms: [platformIn({ contacts: left, links: [] }, plain)], by: 'maya', base }, deps, {
      reporter: { ...silentReporter, note: (text) => void notes.push(text) },
    });
    await base.close();
    expect([made.bases, made.rows]).toEqual([[], 2]);
    expect(notes).toEqual([expect.stringContaining('builds on nothing')]);
    expect((await catalog.list()).map(({ id }) => id).sort()).toEqual([full, made.id].sort());
    await catalog.delete(full);
  });

  it('killed while its folder is not there later: the notes of what it was to build on stay', async () => {
    const deps = await workspace();
    const [full = ''] = await chainOf(states().slice(0, 1), deps, plain);
    const state = deps.store.location;
    // As kill -9 leaves it: the lock of a process that is no more.
    const killed = spawnSync(process.execPath, [
      '-e',
      `const { built } = require(${JSON.stringify(join(import.meta.dirname, '../support/built.cjs'))});
       const { openFileStore } = built('store'); const { Redactor, systemClock } = built('lib');
       const store = openFileStore({ dir: ${JSON.stringify(state)}, clock: systemClock, redactor: new Redactor() });
       store.lock(${JSON.stringify(`base-${full}`)}, { by: 'x', holder: 'x', purpose: 'x' }).then(() => process.kill(process.pid, 'SIGKILL'));`,
    ]);
    expect(killed.signal).toBe('SIGKILL');
    expect(await deps.store.lockHolder(`base-${full}`)).toBeDefined();
    await rename(deps.dir, `${deps.dir}-away`);
    await take({ contacts: PEOPLE, links: [] }, deps, plain);
    await rm(deps.dir, { recursive: true });
    await rename(`${deps.dir}-away`, deps.dir);
    expect((await openCatalog(deps).resolve(full)).record).toBeDefined();
    await openCatalog(deps).delete(full);
  });
});
