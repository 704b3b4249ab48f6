import { didYouMean } from '../../lib/index.js';
import type { PathProblem } from '../../workspace/index.js';
import { KIND_NAMES, readKind } from './kinds.js';

/** Words of a field and of a match that name no side. */
const FIELD_WORDS = ['authority', 'two_way', 'wins', 'as', 'values', 'blank', 'max', 'type', 'settle', 'frequency', 'note'];
const MATCH_WORDS = ['as'];
const DELETE_WORDS = ['deleted', 'inactive', 'kept'];
/** What `wins` may say that is no side. */
export const WINS_WORDS = ['newest', 'person'];

type Path = PathProblem['path'];

/** What the schema of a mapping cannot see: sides, and what refers to them. Copes with any data. */
export function* mappingProblems(raw: unknown): Generator<PathProblem> {
  const between = entriesOf(membersOf(raw)['between']);
  const sides = between.map(([name]) => name);
  yield* betweenProblems(between);
  if (sides.length !== 2) return;
  for (const [index, match] of listOf(membersOf(raw)['match']).entries()) {
    const path = ['match', index];
    yield* namesProblems(match, sides, MATCH_WORDS, path);
    yield* kindProblems(membersOf(match)['as'], [...path, 'as']);
  }
  for (const [index, field] of listOf(membersOf(raw)['fields']).entries()) yield* fieldProblems(field, sides, ['fields', index]);
  for (const [index, name] of listOf(membersOf(raw)['creates']).entries())
    if (typeof name === 'string' && !sides.includes(name)) yield noSide(name, sides, ['creates', index], false);
  for (const list of ['on_delete', 'inactive'] as const)
    for (const [name, value] of entriesOf(membersOf(raw)[list])) {
      if (!sides.includes(name)) yield noSide(name, sides, [list, name]);
      else if (list === 'on_delete') yield* deleteProblems(value, name, sides);
    }
}

function* betweenProblems(between: readonly (readonly [string, unknown])[]): Generator<PathProblem> {
  if (between.length !== 2)
    yield {
      path: ['between'],
      message: `names ${between.length} sides`,
      expected: 'two: { crm: salesforce/Contact, map: hubspot/contacts }',
    };
  for (const [name] of between)
    if ([...FIELD_WORDS, ...WINS_WORDS].includes(name))
      yield { path: ['between', name], onKey: true, message: `"${name}" has a meaning of its own in a mapping`, expected: 'another name' };
  if (between.length === 2 && between[0]?.[1] === between[1]?.[1])
    yield { path: ['between'], message: 'names one object type twice', expected: 'two that are to agree' };
}

function* fieldProblems(field: unknown, sides: readonly string[], path: Path): Generator<PathProblem> {
  const given = membersOf(field);
  yield* namesProblems(field, sides, FIELD_WORDS, path);
  yield* kindProblems(given['as'], [...path, 'as']);
  const [authority, twoWay, wins] = [given['authority'], given['two_way'], given['wins']];
  if (authority === undefined && twoWay === undefined)
    yield {
      path,
      message: 'does not say which side counts',
      expected: `authority: ${sides.join(' or ')}; or two_way with the reason and wins`,
    };
  if (authority !== undefined && twoWay !== undefined)
    yield { path: [...path, 'two_way'], onKey: true, message: 'authority and two_way contradict each other', expected: 'one of them' };
  if (typeof authority === 'string' && !sides.includes(authority)) yield noSide(authority, sides, [...path, 'authority'], false);
  if (twoWay !== undefined && wins === undefined)
    yield {
      path: [...path, 'two_way'],
      onKey: true,
      message: 'does not say whose value stays when both sides change it',
      expected: `wins: ${[...WINS_WORDS, ...sides].join(', ')}`,
    };
  if (twoWay === undefined && wins !== undefined)
    yield { path: [...path, 'wins'], onKey: true, message: 'is only for a field that goes both ways', expected: 'two_way with the reason' };
  if (typeof wins === 'string' && ![...WINS_WORDS, ...sides].includes(wins))
    yield {
      path: [...path, 'wins'],
      message: `"${wins}" cannot win${didYouMean(wins, [...WINS_WORDS, ...sides])}`,
      expected: `one of ${[...WINS_WORDS, ...sides].join(', ')}`,
    };
  yield* valuesProblems(given, sides, path);
}

/** A table of options has to say of every value that counts what it is on the other side, and only one thing. */
function* valuesProblems(given: Readonly<Record<string, unknown>>, sides: readonly string[], path: Path): Generator<PathProblem> {
  const pairs = entriesOf(given['values']).flatMap(([left, right]) => listOrOne(right).map((one) => [left, String(one)] as const));
  if (pairs.length > 0 && typeof given['as'] === 'string' && !['text', 'list', 'exact'].includes(given['as']))
    yield { path: [...path, 'as'], message: 'values and this kind contradict each other', expected: 'values alone, or with as: list' };
  if (pairs.length > 0 && given['max'] !== undefined)
    yield { path: [...path, 'max'], message: 'options are not cut', expected: 'values without max' };
  // Left to right, the first of a list is written; right to left, each option has to lead to one.
  const leads = new Map<string, string>();
  for (const [left, right] of pairs) {
    const before = leads.get(right);
    if (before !== undefined && before !== left && given['authority'] !== sides[0])
      yield {
        path: [...path, 'values', left],
        message: `"${right}" leads to "${before}" and to "${left}", and ${String(sides[1])} counts here`,
        expected: 'each option of that side once',
      };
    leads.set(right, left);
  }
}

function* deleteProblems(value: unknown, side: string, sides: readonly string[]): Generator<PathProblem> {
  const other = sides.find((name) => name !== side) ?? '';
  const [, word = '', where] = /^(\S+)(?: in (\S+))?$/u.exec(String(value)) ?? [];
  const path = ['on_delete', side];
  const expected = DELETE_WORDS.map((one) => `${one} in ${other}`).join(', ');
  if (!DELETE_WORDS.includes(word))
    yield { path, message: `"${String(value)}" is nothing that can happen${didYouMean(word, DELETE_WORDS)}`, expected };
  else if (where !== undefined && where !== other) yield { path, message: `"${where}" is not the other side${didYouMean(where, [other])}`, expected };
}

function* kindProblems(as: unknown, path: Path): Generator<PathProblem> {
  if (typeof as !== 'string') return;
  const read = readKind(as);
  if (!('problem' in read)) return;
  const near = read.word === undefined ? '' : didYouMean(read.word, KIND_NAMES);
  yield { path, message: `${read.problem}${near}`, expected: read.expected };
}

/** Both sides have to be named, and nothing else. */
function* namesProblems(one: unknown, sides: readonly string[], words: readonly string[], path: Path): Generator<PathProblem> {
  const given = membersOf(one);
  for (const side of sides) {
    const name = given[side];
    if (name === undefined) yield { path, message: `names no field of "${side}"`, expected: sides.map((each) => `${each}: FIELD`).join(', ') };
    else if (typeof name !== 'string' || name === '')
      yield { path: [...path, side], message: 'is no name of a field', expected: 'the name of a field, in quotes where it is a number' };
  }
  for (const name of Object.keys(given))
    if (!words.includes(name) && !sides.includes(name)) yield noSide(name, [...sides, ...words], [...path, name]);
}

function noSide(name: string, known: readonly string[], path: Path, onKey = true): PathProblem {
  return { path, onKey, message: `"${name}" is no side of this mapping${didYouMean(name, known)}`, expected: `one of ${known.join(', ')}` };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const listOrOne = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entriesOf(value));
}
