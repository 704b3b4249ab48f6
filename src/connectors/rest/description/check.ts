import { isDeepStrictEqual } from 'node:util';

import { didYouMean } from '../../../lib/index.js';
import type { PathProblem } from '../../../workspace/index.js';

type Group = Readonly<Record<string, unknown>>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const PAGED: Readonly<Record<string, readonly string[]>> = {
  none: [],
  offset: ['offset'],
  page: ['page'],
  cursor: ['cursor'],
  link: [],
  key: ['after'],
};

/** What one request may speak of, and what it has to. */
interface Rules {
  readonly known: readonly string[];
  /** One of each of these. */
  readonly needed?: readonly (readonly string[])[];
  /** It writes. */
  readonly writes?: true;
}

/** What a schema cannot see: methods, words that are not there, names that lead nowhere. Copes with anything. */
export function* descriptionProblems(raw: unknown): Generator<PathProblem> {
  const objects = groupAt(raw, 'objects');
  for (const [name, value] of Object.entries(objects)) {
    const at = ['objects', name];
    yield* listProblems(groupAt(value, 'list'), [...at, 'list'], []);
    if (isGroup(value) && 'changed' in value) yield* listProblems(groupAt(value, 'changed'), [...at, 'changed'], ['since']);
    for (const [event, how] of Object.entries(groupAt(value, 'counted')))
      if (isGroup(how)) yield* callProblems(how, [...at, 'counted', event], { known: ['from', 'to', 'last'], needed: [['from'], ['to', 'last']] });
    const read = groupAt(value, 'read');
    if (read['from_list'] !== true) yield* callProblems(read, [...at, 'read'], { known: ['key', 'keys', 'limit'], needed: [['key', 'keys']] });
    else if (Object.keys(read).some((name) => name !== 'from_list'))
      yield {
        path: [...at, 'read'],
        onKey: true,
        message: 'what is read from the list has no request of its own',
        expected: 'from_list: true alone',
      };
    for (const [verb, needed] of WRITES)
      if (isGroup(value) && verb in value)
        yield* callProblems(groupAt(value, verb), [...at, verb], { known: ['key', 'keys', 'fields'], needed, writes: true });
    yield* fieldProblems(value, at, Object.keys(objects));
  }
}

const WRITES: readonly (readonly [string, readonly (readonly string[])[]])[] = [
  ['create', [['fields']]],
  ['update', [['fields'], ['key']]],
  ['delete', [['key', 'keys']]],
];

function* listProblems(list: Group, at: readonly string[], more: readonly string[]): Generator<PathProblem> {
  const by = groupAt(list, 'pages')['by'];
  const needed = [...(typeof by === 'string' ? (PAGED[by] ?? []) : []), ...more];
  yield* callProblems(list, at, { known: [...new Set([...needed, 'limit'])], needed: needed.map((word) => [word]) });
}

function* callProblems(call: Group, at: readonly string[], { known, needed = [], writes }: Rules): Generator<PathProblem> {
  const methods = METHODS.filter((method) => method in call);
  if (methods.length !== 1)
    yield {
      path: at,
      onKey: true,
      message: `${at.at(-1) ?? ''} needs one request, and has ${String(methods.length)}`,
      expected: `one of ${METHODS.join(', ')}`,
    };
  if (writes !== true && methods.some((method) => method !== 'get' && method !== 'post'))
    yield { path: at, onKey: true, message: `${at.at(-1) ?? ''} only reads`, expected: 'get, or post where the platform reads that way' };
  if (writes === true && methods.includes('get'))
    yield { path: [...at, 'get'], onKey: true, message: 'a get writes nothing', expected: 'post, put, patch or delete' };
  const used = new Set<string>();
  for (const [where, text] of texts(call)) {
    for (const [, word = ''] of text.matchAll(/\{(\w+)\}/gu)) {
      used.add(word);
      if (!known.includes(word))
        yield {
          path: [...at, ...where],
          message: `{${word}} means nothing here${didYouMean(word, known)}`,
          expected: known.map((one) => `{${one}}`).join(', '),
        };
    }
  }
  for (const words of needed)
    if (methods.length === 1 && !words.some((word) => used.has(word)))
      yield { path: at, onKey: true, message: `${at.at(-1) ?? ''} does not say ${words.map((word) => `{${word}}`).join(' or ')}` };
}

function* fieldProblems(object: unknown, path: readonly string[], objects: readonly string[]): Generator<PathProblem> {
  const fields = groupAt(object, 'fields');
  const names = Object.keys(fields);
  const modified = groupAt(object, 'modified');
  const named: readonly (readonly [readonly string[], unknown])[] = [
    [['created'], isGroup(object) ? object['created'] : undefined],
    [['modified', 'at'], modified['at']],
    [['modified', 'by'], modified['by']],
  ];
  for (const [where, field] of named)
    if (typeof field === 'string' && !names.includes(field))
      yield { path: [...path, ...where], message: `there is no field ${field}${didYouMean(field, names)}` };
  for (const [name, field] of Object.entries(fields)) {
    const to = isGroup(field) ? field['refers_to'] : undefined;
    if (typeof to === 'string' && !objects.includes(to))
      yield { path: [...path, 'fields', name, 'refers_to'], message: `there is no object type ${to}${didYouMean(to, objects)}` };
    if (isGroup(field) && field['sent_as'] !== undefined && !['number', 'string', 'enum', 'boolean'].includes(String(field['type'])))
      yield { path: [...path, 'fields', name, 'sent_as'], message: `a ${String(field['type'])} is sent in one way only`, expected: 'it left out' };
    const at = isGroup(field) ? field['at'] : undefined;
    const isWritten = isGroup(field) && field['read_only'] !== true && isGroup(object) && ('update' in object || 'create' in object);
    if (typeof at === 'string' && at.includes('.') && isWritten && object['groups_merge'] !== true)
      yield {
        path: [...path, 'fields', name, 'at'],
        message: `a write of ${at} may replace all of the group that it is in`,
        expected: 'groups_merge: true where the platform keeps the other members, or read_only: true',
      };
    const twin = names.find((other) => other !== name && isDeepStrictEqual(placeOf(fields, other), placeOf(fields, name)));
    if (twin !== undefined && twin < name) yield { path: [...path, 'fields', name], message: `${twin} is at the same place` };
  }
}

function placeOf(fields: Group, name: string): unknown {
  return groupAt(fields, name)['at'] ?? name;
}

/** Every text of a request with its place. */
function* texts(call: Group): Generator<readonly [readonly string[], string]> {
  for (const name of [...METHODS, 'query', 'body']) yield* textsIn(call[name], [name]);
}

function* textsIn(value: unknown, at: readonly string[]): Generator<readonly [readonly string[], string]> {
  if (typeof value === 'string') yield [at, value];
  else if (Array.isArray(value)) for (const [n, item] of value.entries()) yield* textsIn(item, [...at, String(n)]);
  else if (isGroup(value)) for (const [name, item] of Object.entries(value)) yield* textsIn(item, [...at, name]);
}

function groupAt(value: unknown, name: string): Group {
  const found = isGroup(value) ? value[name] : undefined;
  return isGroup(found) ? found : {};
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
