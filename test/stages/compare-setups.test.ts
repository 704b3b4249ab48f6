import fc from 'fast-check';
import { expect, it } from 'vitest';

import { SETTING_AREAS, type Setting } from '../../src/connectors/index.js';
import { compareSetups } from '../../src/stages/index.js';
import type { Setup } from '../../src/stages/parity/setup.js';

// A user would lose: trust in "the same" that nobody has looked at.

const NAMES = ['a', 'b', 'c', 'd'];
const leaf = fc.record({ name: fc.constantFrom(...NAMES), says: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')) });
const distinct = { selector: ({ name }: Setting) => name, maxLength: 4 };
const setting: fc.Arbitrary<Setting> = fc.record({
  name: fc.constantFrom(...NAMES),
  says: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
  parts: fc.uniqueArray(leaf, distinct),
});
const settings = fc.uniqueArray(setting, distinct);
const setupOf = (told: readonly Setting[], more: Partial<Setup> = {}): Setup => ({
  told: [
    { area: 'fields', of: 'contacts', settings: [] },
    { area: 'options', of: 'contacts', settings: told },
  ],
  unread: [],
  absent: [],
  none: [],
  ...more,
});
const AREAS = [...SETTING_AREAS].filter((area) => area === 'fields' || area === 'options');
const of = (test: Setup, production: Setup) => compareSetups(test, production, AREAS).items;

it('says of what is the same that it is, of every item of it', () => {
  fc.assert(
    fc.property(settings, (told) => {
      const items = of(setupOf(told), setupOf(structuredClone(told)));
      expect(items.filter(({ is }) => is !== 'same')).toEqual([]);
      expect(new Set(items.map(({ item }) => item)).size).toBe(items.length);
    }),
    { seed: 7, numRuns: 300 },
  );
});

it('says that two differ if and only if they do, and of both the same when they are exchanged', () => {
  fc.assert(
    fc.property(settings, settings, (a, b) => {
      const items = of(setupOf(a), setupOf(b));
      // The order of parts counts, that of settings does not.
      const order = (told: readonly Setting[]) => [...told].sort((one, other) => (one.name < other.name ? -1 : 1));
      const differ = JSON.stringify(order(a), canonical) !== JSON.stringify(order(b), canonical);
      const there = items.filter(({ is }) => is === 'different');
      expect(there.length > 0).toBe(differ);
      const back = of(setupOf(b), setupOf(a)).filter(({ is }) => is === 'different');
      const exchanged = back.map(({ test, production, ...one }) => ({ ...one, test: production, production: test }));
      expect(byItem(exchanged)).toEqual(byItem(there));
    }),
    { seed: 8, numRuns: 500 },
  );
});

const byItem = <T extends { readonly item: string }>(items: readonly T[]): readonly T[] => [...items].sort((a, b) => (a.item < b.item ? -1 : 1));

function canonical(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

it('says of what either side could not read that it is unreadable, and of nothing in it that it is the same', () => {
  fc.assert(
    fc.property(settings, fc.boolean(), fc.constantFrom('options', 'contacts', ...NAMES), (told, onTest, what) => {
      const ofName = NAMES.includes(what) ? { name: what } : {};
      const unread = [{ area: 'options' as const, why: 'no scope', ...(what === 'options' ? {} : { of: 'contacts' }), ...ofName }];
      const [whole, partly] = [setupOf(told), setupOf(told, { unread })];
      const items = onTest ? of(partly, whole) : of(whole, partly);
      const hit = NAMES.includes(what) ? `options/contacts.${what}` : what === 'options' ? 'options' : 'options/contacts';
      expect(items.filter(({ is }) => is === 'unreadable')).toEqual([
        { item: hit, area: 'options', is: 'unreadable', why: `${onTest ? 'test environment' : 'production'}: no scope` },
      ]);
      expect(items.filter(({ item, is }) => is === 'same' && (item === hit || new RegExp(`^${hit}[./#]`, 'u').test(item)))).toEqual([]);
    }),
    { seed: 9, numRuns: 300 },
  );
});

it('knows a pipeline by its id where its name was changed, and by its name where its id is another', () => {
  const pipeline = (id: string, name: string): Setting => ({ id, name, says: {} });
  const items = of(setupOf([pipeline('1', 'Sales'), pipeline('9', 'Renewals')]), setupOf([pipeline('1', 'New business'), pipeline('2', 'Renewals')]));
  expect(items.filter(({ is }) => is === 'different')).toEqual([
    { item: 'options/contacts.New business#name', area: 'options', is: 'different', test: 'Sales', production: 'New business' },
    { item: 'options/contacts.Renewals#id', area: 'options', is: 'different', test: '9', production: '2' },
  ]);
});

it('tells two of one name apart, and an object type that is nowhere from one that is the same', () => {
  const twice = [
    { name: 'Welcome', says: { on: true } },
    { name: 'Welcome', says: { on: true } },
  ];
  expect(of(setupOf(twice.slice(1)), setupOf(twice)).filter(({ is }) => is === 'different')).toEqual([
    { item: 'options/contacts.Welcome (2)', area: 'options', is: 'different', test: 'missing', production: 'there' },
  ]);
  const absent = { absent: ['contcats'] };
  expect(of(setupOf([], absent), setupOf([], absent)).filter(({ is }) => is !== 'same')).toEqual([
    { item: 'fields/contcats', area: 'fields', is: 'unreadable', why: 'neither has such an object type' },
  ]);
});
