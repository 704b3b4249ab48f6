import type { PlatformSchema } from '../../connectors/index.js';
import { keyOf, type Fields, type LinkSchema, ownValue } from '../../records/index.js';

/** A link that is carried by fields of its `from` record: a foreign key. */
export interface Carried extends LinkSchema {
  readonly viaFields: readonly string[];
}

/** The links that fields carry. */
export function carriedLinks(schema: PlatformSchema): Carried[] {
  return schema.links.filter((link): link is Carried => link.viaFields !== undefined && link.viaFields.length > 0);
}

/**
 * Key of the record that the fields of a carried link point to; undefined where they point nowhere, or at what is no
 * key.
 */
export function referenceOf(link: Carried, fields: Fields): string | undefined {
  return link.refersTo === undefined ? textOf(link.viaFields, fields) : undefined;
}

/**
 * Finds the record among `records` that the fields of a link point to that hold no key but the values of other fields
 * (`refersTo`). Undefined where they point nowhere or at none of these.
 */
export function referenceAmong<T>(
  refersTo: readonly string[],
  records: Iterable<readonly [T, Fields]>,
): (link: Carried, fields: Fields) => T | undefined {
  const found = new Map<string | undefined, T>();
  for (const [record, fields] of records) found.set(textOf(refersTo, fields), record);
  found.delete(undefined);
  return (link, fields) => found.get(textOf(link.viaFields, fields));
}

function textOf(names: readonly string[], fields: Fields): string | undefined {
  const parts: string[] = [];
  for (const name of names) {
    const value = ownValue(fields, name);
    if (value === undefined || value === null || typeof value === 'object') return undefined;
    parts.push(String(value));
  }
  return keyOf(parts);
}

/**
 * Object types in groups, parents before children. Object types that depend on each other in a ring, or on themselves,
 * share a group whose `cyclic` is true: there the order has to be found record by record.
 */
export function objectOrder(schema: PlatformSchema): { readonly objects: readonly string[]; readonly cyclic: boolean }[] {
  const names = schema.objects.map((object) => object.object);
  const parents = new Map(names.map((name) => [name, new Set<string>()]));
  for (const link of carriedLinks(schema)) if (parents.has(link.to)) parents.get(link.from)?.add(link.to);
  const reach = new Map(names.map((name) => [name, reachable(name, parents)]));
  const groups: { objects: string[]; cyclic: boolean }[] = [];
  const placed = new Set<string>();
  while (placed.size < names.length) {
    for (const name of names) {
      if (placed.has(name)) continue;
      const ring = names.filter((other) => other === name || (reach.get(name)?.has(other) === true && reach.get(other)?.has(name) === true));
      const waits = ring.some((member) => [...(parents.get(member) ?? [])].some((parent) => !placed.has(parent) && !ring.includes(parent)));
      if (waits) continue;
      for (const member of ring) placed.add(member);
      groups.push({ objects: ring, cyclic: reach.get(name)?.has(name) === true });
    }
  }
  return groups;
}

function reachable(start: string, parents: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>();
  const open = [...(parents.get(start) ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(parents.get(name) ?? []));
  }
  return seen;
}
