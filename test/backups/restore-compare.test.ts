import { expect, test } from 'vitest';

import { compareRestored } from '../../src/backups/restore-tests/compare.js';
import type { Link, PlatformRecord, Value } from '../../src/records/index.js';
import { type MemoryContent, memoryPlatform, objectSchema } from '../snapshots/memory-platform.js';
import { reading, snapshotOf } from '../snapshots/support.js';

/** What a user would lose: a restore test that passes although something did not come back, or came back otherwise. */

const LINKS = 'people~firms~works-at';
const field = (name: string, readOnly = false) => ({ name, type: 'string' as const, platformType: 'text', readOnly });
const schemas = [
  objectSchema('people', { fields: [field('name'), field('city'), { ...field('mood'), type: 'enum', options: ['glad'] }, field('made', true)] }),
  objectSchema('firms', { fields: [field('name')] }),
];
const person = (key: string, fields: Readonly<Record<string, Value>>, meta = {}): PlatformRecord => ({ key, fields, meta });

const BEFORE: MemoryContent = {
  objects: {
    people: [
      person('1', { name: 'Ada', city: null, mood: 'glad' }, { made: '2026-01-01' }),
      person('2', { name: 'Bo', city: '', mood: 'gone' }),
      person('3', { name: 'Cy' }),
    ],
    firms: [person('9', { name: 'Acme' })],
  },
  links: {
    [LINKS]: [
      { from: '1', to: '9' },
      { from: '2', to: '9' },
    ],
  },
};

/** Compares a snapshot of `BEFORE` with what stands on a stage; records there have the keys of `keyMap`. */
async function compared(stage: { readonly people?: readonly PlatformRecord[]; readonly links?: readonly Link[] }, keyMap = {}) {
  const { path } = await snapshotOf(memoryPlatform('crm', BEFORE, { schemas }));
  const platform = memoryPlatform(
    'crm',
    {
      objects: { ...BEFORE.objects, ...(stage.people === undefined ? {} : { people: stage.people }) },
      links: { [LINKS]: stage.links ?? BEFORE.links?.[LINKS] ?? [] },
    },
    { schemas },
  );
  return await reading(path, async (snapshot) => {
    const schema = await platform.connector.describe(undefined);
    return (await compareRestored({ snapshot, platform, schema, keyMap, leftOut: [] }, {})).result();
  });
}

const NONE = { missing: 0, extra: 0, wrong: 0, 'missing-link': 0, 'extra-link': 0, unreadable: 0 };
const people = BEFORE.objects['people'] ?? [];

test('what came back as it was has no difference, and what nobody can write is named', async () => {
  const result = await compared({});
  expect(result).toMatchObject({ differences: NONE, examples: [], records: 4, links: 2 });
  expect(result.apart).toEqual([
    { object: 'people', field: 'made', why: 'only the platform writes it', count: 1 },
    { object: 'people', field: 'mood', why: 'the option that it holds is no longer offered', count: 1 },
  ]);
});

test('a record that is missing, one too many, a value that should be empty and an empty text that became none are found', async () => {
  const [ada, bo, cy] = people;
  const there = [{ ...person('1', { ...ada?.fields, city: 'Ulm' }) }, person('2', { ...bo?.fields, city: null }), person('7', cy?.fields ?? {})];
  const result = await compared({ people: there });
  expect(result.differences).toEqual({ ...NONE, missing: 1, extra: 1, wrong: 2 });
  expect(result.examples).toEqual([
    { kind: 'wrong', object: 'people', key: '1', field: 'city' },
    { kind: 'wrong', object: 'people', key: '2', field: 'city' },
    { kind: 'missing', object: 'people', key: '3' },
    { kind: 'extra', object: 'people', key: '7' },
  ]);
});

test('a link that is missing and one that nobody had are found, by the keys of the snapshot', async () => {
  const result = await compared({
    links: [
      { from: '1', to: '9' },
      { from: '3', to: '9' },
    ],
  });
  expect(result.differences).toEqual({ ...NONE, 'missing-link': 1, 'extra-link': 1 });
  expect(result.examples).toEqual([
    { kind: 'missing-link', object: LINKS, key: '2', to: '9' },
    { kind: 'extra-link', object: LINKS, key: '3', to: '9' },
  ]);
});

test('records under new keys are the ones that they stand for, and so are the ends of their links', async () => {
  const moved = people.map((record) => (record.key === '1' ? { ...record, key: '101' } : record));
  const links = [
    { from: '101', to: '9' },
    { from: '2', to: '9' },
  ];
  const result = await compared({ people: moved, links }, { people: { '1': '101' } });
  expect(result.differences).toEqual(NONE);
  expect(result.apart).toContainEqual({ object: 'people', why: 'keys, which the platform chooses itself', count: 1 });
  expect((await compared({ people: moved, links })).differences).toMatchObject({ missing: 1, extra: 1, 'missing-link': 1, 'extra-link': 1 });
});
