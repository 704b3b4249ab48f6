import type { HttpRequest } from '../../../lib/index.js';
import type { CallDescription } from '../description/form.js';

/** What `{words}` stand for. Lists are joined by commas in paths, and lists in bodies. */
export type Given = Readonly<Record<string, unknown>>;

/** A request as it is sent. */
export interface Asked {
  readonly method: HttpRequest['method'];
  /** With what is asked behind it. */
  readonly path: string;
  readonly body?: unknown;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const WORD = /\{(\w+)\}/gu;
const ONE_WORD = /^\{(\w+)\}$/u;

/** Makes a request of its description. `each`: what a `{ each: … }` in its body is made of, one a record. */
export function requestOf(call: CallDescription, given: Given, each: readonly Given[] = []): Asked {
  const method = METHODS.find((name) => call[name] !== undefined) ?? 'get';
  const path = (call[method] ?? '/').replaceAll(WORD, (_, word: string) => encodeURIComponent(textOf(given[word])));
  const body = call.body === undefined ? undefined : filled(call.body, given, each);
  return {
    method: method.toUpperCase() as HttpRequest['method'],
    path: withQuery(path, queryOf(call.query ?? {}, given)),
    ...(body === undefined ? {} : { body }),
  };
}

/** The same path with more behind it. */
export function withQuery(path: string, more: URLSearchParams): string {
  const text = more.toString();
  if (text === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

/** What has no value at the time is not asked. */
function queryOf(query: NonNullable<CallDescription['query']>, given: Given): URLSearchParams {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const text = String(value);
    const words = [...text.matchAll(WORD)].map(([, word = '']) => word);
    if (words.every((word) => given[word] !== undefined))
      made.append(
        name,
        text.replaceAll(WORD, (_, word: string) => textOf(given[word])),
      );
  }
  return made;
}

function filled(template: unknown, given: Given, each: readonly Given[]): unknown {
  if (typeof template === 'string') {
    const [, whole] = ONE_WORD.exec(template) ?? [];
    if (whole !== undefined) return given[whole];
    return template.replaceAll(WORD, (_, word: string) => textOf(given[word]));
  }
  if (Array.isArray(template)) {
    return template.flatMap((item: unknown) => {
      const one = onlyMember(item, 'each');
      return one === undefined ? [filled(item, given, each)] : each.map((record) => filled(one, { ...given, ...record }, []));
    });
  }
  if (typeof template !== 'object' || template === null) return template;
  const parts = mergedIn(template);
  if (parts !== undefined) {
    const all = Object.entries(Object.assign({}, ...parts.merge.map((part) => filled(part, given, each))) as Record<string, unknown>);
    return Object.fromEntries(all.filter(([name]) => !parts.without.includes(name)));
  }
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, filled(value, given, each)]));
}

/** `{ merge: [ … ], without: [ … ] }`: the members of several groups in one, but for those that are named. */
function mergedIn(template: object): { readonly merge: readonly unknown[]; readonly without: readonly unknown[] } | undefined {
  const { merge, without = [], ...others } = template as Readonly<Record<string, unknown>>;
  return Array.isArray(merge) && Array.isArray(without) && Object.keys(others).length === 0 ? { merge, without } : undefined;
}

/** The one member of a group that has no other. */
function onlyMember(item: unknown, name: string): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const names = Object.keys(item);
  return names.length === 1 && names[0] === name ? (item as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
