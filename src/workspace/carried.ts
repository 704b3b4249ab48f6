import { didYouMean } from '../lib/index.js';
import { entriesOf, listOf } from './raw.js';
import type { WorkspaceFile } from './schema.js';
import type { CarriedConfig } from './types.js';
import type { PathProblem } from './yaml.js';

/** Stands for the key of a record where a field is named. */
export const RECORD_KEY = 'key';

/** Words of an entry that name no side. */
const WORDS: ReadonlySet<string> = new Set(['as', 'authority']);

type CarriedFile = NonNullable<WorkspaceFile['syncs'][string]['carries']>[number];

/** An entry of `carries` that {@link carriedProblems} finds nothing wrong with. */
export function carriedOf({ between, match: [match = {}], fields }: CarriedFile): CarriedConfig {
  const [left, right] = Object.entries(between).map(([name, place]) => {
    const cut = place.indexOf('/');
    return { name, platform: place.slice(0, cut), object: place.slice(cut + 1), match: match[name] ?? RECORD_KEY };
  });
  if (left === undefined || right === undefined) throw new TypeError('an entry of carries has two sides');
  return {
    sides: [left, right],
    asEmail: match['as'] === 'email',
    fields: fields.map((field) => {
      const names = [field[left.name] ?? '', field[right.name] ?? ''] as const;
      const { authority } = field;
      return authority === undefined ? { names } : { names, authority: authority === left.name ? 0 : 1 };
    }),
  };
}

/** What the schema cannot see in `carries`: sides that lead nowhere, fields of sides that are none. Copes with any data. */
export function* carriedProblems(carries: unknown, platforms: ReadonlySet<string>, path: PathProblem['path']): Generator<PathProblem> {
  for (const [index, entry] of listOf(carries).entries()) yield* entryProblems(entry, platforms, [...path, index]);
}

function* entryProblems(entry: unknown, platforms: ReadonlySet<string>, path: PathProblem['path']): Generator<PathProblem> {
  const sides = entriesOf(membersOf(entry)['between']);
  const names = sides.map(([name]) => name);
  if (sides.length !== 2) {
    yield {
      path: [...path, 'between'],
      message: `names ${sides.length} sides`,
      expected: 'two: { crm: hubspot/contacts, store: warehouse/public.people }',
    };
    return;
  }
  for (const [name, place] of sides) {
    const platform = String(place).split('/')[0] ?? '';
    if (WORDS.has(name))
      yield { path: [...path, 'between', name], message: `"${name}" has a meaning of its own in match and fields`, expected: 'another name' };
    if (!platforms.has(platform))
      yield {
        path: [...path, 'between', name],
        message: `there is no platform "${platform}"${didYouMean(platform, platforms)}`,
        expected: `one of ${[...platforms].slice(0, 30).join(', ')}, a slash, and an object type of it`,
      };
  }
  if (sides[0]?.[1] === sides[1]?.[1])
    yield { path: [...path, 'between'], message: 'names one object type twice', expected: 'two that are to agree' };
  for (const [list, word] of [
    ['match', 'as'],
    ['fields', 'authority'],
  ] as const)
    for (const [index, one] of listOf(membersOf(entry)[list]).entries()) yield* sidesProblems(one, names, word, [...path, list, index]);
}

function* sidesProblems(one: unknown, sides: readonly string[], word: 'as' | 'authority', path: PathProblem['path']): Generator<PathProblem> {
  const given = membersOf(one);
  for (const side of sides)
    if (given[side] === undefined) yield { path, message: `names no field of "${side}"`, expected: sides.map((name) => `${name}: FIELD`).join(', ') };
  for (const name of Object.keys(given))
    if (name !== word && !sides.includes(name))
      yield {
        path: [...path, name],
        message: `"${name}" is no side of this entry${didYouMean(name, [...sides, word])}`,
        expected: `one of ${[...sides, word].join(', ')}`,
      };
  const allowed = word === 'as' ? ['email'] : sides;
  if (typeof given[word] === 'string' && !allowed.includes(given[word]))
    yield { path: [...path, word], message: `"${given[word]}" is not known here`, expected: `one of ${allowed.join(', ')}` };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entriesOf(value));
}
