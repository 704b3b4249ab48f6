import { readFile, writeFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import type { Connector, Platform, RecordBatch } from '../../src/connectors/index.js';
import { defined, RunbackError } from '../../src/lib/index.js';
import { createSnapshot, openCatalog, type SnapshotGap } from '../../src/snapshots/index.js';
import { notesOf } from '../../src/snapshots/records.js';
import { memoryPlatform, people, type MemoryOptions } from './memory-platform.js';
import { reading, snapshotOf, workspace } from './support.js';

/** A user would lose: records and links that a snapshot never read, taken for deleted ones. */

const LINKS = { 'contacts~companies~works-at': [{ from: '1000', to: '9' }] };
const CRM = { objects: { contacts: people(40), companies: [{ key: '9', fields: {}, meta: {} }], deals: people(3) }, links: LINKS };

/** The same platform with a part of its connector replaced, and the object types that runback.yml names. */
function platformWith(change: (connector: Connector) => Partial<Connector>, objects?: readonly string[], options: MemoryOptions = {}): Platform {
  const platform = memoryPlatform('crm', CRM, options);
  return { ...platform, connector: { ...platform.connector, ...change(platform.connector) }, objects };
}

const short = (gaps: readonly SnapshotGap[]): string[] => gaps.map(({ object, extent, why }) => `${extent} ${object}: ${why}`);

test('what is refused is a gap of the summary, in the list and in what is found by id', async () => {
  const deps = await workspace();
  const made = await snapshotOf(memoryPlatform('db', { objects: { leads: people(3) }, refused: { log: 'it has no primary key' } }), deps);
  expect(made.gaps).toEqual([{ platform: 'db', object: 'log', why: 'it has no primary key', extent: 'refused' }]);
  const catalog = openCatalog(deps);
  expect((await catalog.list())[0]?.gaps).toEqual(made.gaps);
  expect((await catalog.resolve(made.id)).gaps).toEqual(made.gaps);
  expect((await catalog.incomplete(['db']))[0]?.gaps).toEqual(made.gaps);
});

test('which of the newest are incomplete is known without opening those that are not, also after a verification, and of those that nobody noted', async () => {
  const deps = await workspace();
  const catalog = openCatalog(deps);
  const broken = await snapshotOf(memoryPlatform('db', { objects: { leads: people(3) }, refused: { log: 'it has no primary key' } }), deps);
  const whole = await snapshotOf(memoryPlatform('crm', { objects: { leads: people(3) } }), deps);
  const ids = async (): Promise<string[]> => (await catalog.incomplete(['db', 'crm'])).map(({ id }) => id);
  await catalog.verify(whole.id);
  await catalog.verify(broken.id);
  // What is not opened may be anything.
  const kept = await readFile(whole.path);
  await writeFile(whole.path, 'not opened');
  expect(await ids()).toEqual([broken.id]);
  await writeFile(whole.path, kept);
  for (const { id } of [broken, whole])
    await notesOf(deps.store, id).update((now) => ({ version: 1, pinned: false, ...defined({ record: now?.record }) }));
  expect(await ids()).toEqual([broken.id]);
  const mended = await snapshotOf(memoryPlatform('db', { objects: { leads: people(3) } }), deps);
  expect([mended.gaps, await ids()]).toEqual([[], []]);
});

test('an object type that nobody chose is no gap', async () => {
  const platform = memoryPlatform('db', { objects: { leads: people(3) }, refused: { log: 'it has no primary key' } });
  expect((await snapshotOf({ ...platform, objects: ['leads'] })).gaps).toEqual([]);
  expect((await createSnapshot({ platforms: [platform], objects: ['leads'], by: 'maya' }, await workspace())).gaps).toEqual([]);
});

test.each(['object-unsupported', 'scope-missing'] as const)(
  'one of the named object types that is gone or not for us (%s) costs itself, not the others',
  async (code) => {
    const platform = platformWith(
      (own) => ({
        describe: async (objects, options) => {
          if (objects?.includes('tickets') === true) throw new RunbackError(code, 'tickets are not there', { why: 'Not for this token.' });
          return own.describe(objects, options);
        },
      }),
      ['contacts', 'companies', 'tickets'],
    );
    const deps = await workspace();
    const made = await snapshotOf(platform, deps);
    expect(made.objects.map(({ object, rows }) => [object, rows])).toEqual([
      ['contacts', 40],
      ['companies', 1],
    ]);
    expect(short(made.gaps)).toEqual(['refused tickets: tickets are not there. Not for this token.']);
    // Where it alone was asked for, nothing is made; nor where nothing is left.
    await expect(createSnapshot({ platforms: [platform], objects: ['tickets'], by: 'maya' }, deps)).rejects.toMatchObject({ code });
    await expect(snapshotOf({ ...platform, objects: ['tickets'] }, deps)).rejects.toMatchObject({ code });
    expect(await openCatalog(deps).list()).toEqual([made]);
  },
);

test.each([true, false])('an object type whose records may not be read is left out, and its links with it (in key order: %s)', async (ordered) => {
  const refuses = platformWith(
    (own) => ({
      read: (request, options) => {
        if (request.schema.object === 'companies') throw new RunbackError('scope-missing', 'no permission for companies');
        return own.read(request, options);
      },
    }),
    undefined,
    { ordered },
  );
  const deps = await workspace();
  const made = await snapshotOf(refuses, deps);
  expect(made.objects.map(({ object }) => object)).toEqual(['contacts', 'deals']);
  expect(short(made.gaps)).toEqual(['refused companies: no permission for companies']);
  await reading(made.path, async (reader) => {
    expect(reader.manifest.links).toEqual([]);
    expect((await reader.verify()).damage).toEqual([]);
  });
  await expect(createSnapshot({ platforms: [refuses], objects: ['companies'], by: 'maya' }, deps)).rejects.toMatchObject({ code: 'scope-missing' });
});

test('links that may not be read are left out and marked', async () => {
  const made = await snapshotOf(
    platformWith(() => ({
      readLinks: () => {
        throw new RunbackError('scope-missing', 'no permission for associations');
      },
    })),
  );
  expect(made.objects).toHaveLength(3);
  expect(short(made.gaps)).toEqual(['refused contacts~companies~works-at: no permission for associations']);
});

test('a permission that ends in the middle of a read, and an incomplete answer, fail the snapshot', async () => {
  for (const code of ['scope-missing', 'platform-incomplete'] as const) {
    const deps = await workspace();
    const breaks = platformWith((own) => ({
      read: async function* read(request, options): AsyncGenerator<RecordBatch> {
        yield* own.read(request, options);
        if (request.schema.object === 'contacts') throw new RunbackError(code, 'no more');
      },
    }));
    await expect(snapshotOf(breaks, deps)).rejects.toMatchObject({ code });
    expect(await openCatalog(deps).list()).toEqual([]);
  }
});

test.each([true, false])('keys are only counted as all where the platform counts the same (in key order: %s)', async (ordered) => {
  const counting = (total: (n: number) => number): Platform =>
    platformWith(
      (own) => ({
        read: async function* read(request, options): AsyncGenerator<RecordBatch> {
          let n = 0;
          for await (const batch of own.read(request, options))
            yield { ...batch, ...(request.schema.object === 'contacts' ? { total: total((n += 1)) } : {}) };
        },
      }),
      undefined,
      { ordered, batch: 10 },
    );
  // The last word counts: a list that grew while it was read is whole all the same.
  expect((await snapshotOf(counting((n) => 36 + n))).gaps).toEqual([]);
  const short41 = await snapshotOf(counting(() => 41));
  expect(short(short41.gaps)).toEqual(['unproved contacts: The platform counts 41 records, but gave 40']);
  await reading(short41.path, async (reader) => {
    expect(reader.manifest.objects.map(({ object, census, rows }) => [object, census, rows])).toEqual([
      ['contacts', false, 40],
      ['companies', true, 1],
      ['deals', true, 3],
    ]);
    expect((await reader.verify()).damage).toEqual([]);
  });
});

test.each([true, false])('a list that gave a record twice had moved: it does not prove that it is all (in key order: %s)', async (ordered) => {
  const made = await snapshotOf(
    platformWith(
      (own) => ({
        read: async function* read(request, options): AsyncGenerator<RecordBatch> {
          for await (const batch of own.read(request, options)) {
            const [first] = batch.records;
            yield request.schema.object === 'contacts' && first !== undefined ? { records: [first, ...batch.records] } : batch;
          }
        },
      }),
      undefined,
      { ordered },
    ),
  );
  expect(made.objects.find(({ object }) => object === 'contacts')?.rows).toBe(40);
  expect(made.gaps).toMatchObject([{ object: 'contacts', extent: 'unproved', why: expect.stringContaining('its list changed') }]);
});

test('latest and latest-verified mean a snapshot that holds what is asked for, and say why there is none', async () => {
  const deps = await workspace();
  const catalog = openCatalog(deps);
  const whole = await snapshotOf(memoryPlatform('crm', CRM), deps);
  await catalog.verify(whole.id);
  const without = await snapshotOf(
    memoryPlatform('crm', { objects: { contacts: people(2) }, refused: { deals: 'it is a view', log: 'it has no key' } }),
    deps,
  );
  await catalog.verify(without.id);
  expect((await catalog.resolve('latest-verified', { platform: 'crm' })).id).toBe(without.id);
  expect((await catalog.resolve('latest-verified', { platform: 'crm', objects: ['deals'] })).id).toBe(whole.id);
  expect((await catalog.resolve('latest', { platform: 'crm', objects: ['contacts', 'deals'] })).id).toBe(whole.id);
  await expect(catalog.resolve('latest', { platform: 'crm', objects: ['log'] })).rejects.toMatchObject({
    code: 'not-found',
    why: `${without.id} does not: it has no key`,
  });
});
