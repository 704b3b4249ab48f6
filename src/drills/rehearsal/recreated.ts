import type { KeptTruth } from '../../stages/index.js';

/** A value that so many missing records share tells none of them apart. */
const COMMON = 5;

/**
 * The truth with each record that was created again, and its links, under the key that it had before: a platform that
 * cannot undelete gives a new one. Which stands for which is told by their values alone, by those that few of the
 * missing records share; what stands for none keeps its key.
 */
export function underOldKeys(expected: KeptTruth, actual: KeptTruth): KeptTruth {
  const oldKeys = oldKeysOf(expected, actual);
  if (oldKeys.size === 0) return actual;
  const named = (id: string): string => oldKeys.get(id) ?? id;
  return {
    records: new Map([...actual.records].map(([id, values]) => [named(id), values])),
    links: new Set(
      [...actual.links].map((link) => {
        const [from = '', kind = '', to = ''] = link.split(' ');
        return `${named(from)} ${kind} ${named(to)}`;
      }),
    ),
  };
}

/** Ids of records that were created again, to those that they had before. */
export function oldKeysOf(expected: KeptTruth, actual: KeptTruth): ReadonlyMap<string, string> {
  const missing = [...expected.records.keys()].filter((id) => !actual.records.has(id));
  const unknown = [...actual.records.keys()].filter((id) => !expected.records.has(id));
  return missing.length === 0 || unknown.length === 0 ? new Map() : matched(expected, actual, missing, unknown);
}

/** New id to old one, the surest first. */
function matched(expected: KeptTruth, actual: KeptTruth, missing: readonly string[], unknown: readonly string[]): ReadonlyMap<string, string> {
  const byValue = new Map<string, string[]>();
  for (const id of missing) for (const mark of marksOf(id, expected)) byValue.set(mark, [...(byValue.get(mark) ?? []), id]);
  const pairs: { readonly newId: string; readonly oldId: string; readonly points: number }[] = [];
  for (const newId of unknown) {
    const points = new Map<string, number>();
    for (const mark of marksOf(newId, actual)) {
      const holders = byValue.get(mark) ?? [];
      if (holders.length <= COMMON) for (const oldId of holders) points.set(oldId, (points.get(oldId) ?? 0) + 1);
    }
    for (const [oldId, each] of points) pairs.push({ newId, oldId, points: each });
  }
  const found = new Map<string, string>();
  const taken = new Set<string>();
  for (const { newId, oldId } of pairs.sort((a, b) => b.points - a.points)) {
    if (found.has(newId) || taken.has(oldId)) continue;
    found.set(newId, oldId);
    taken.add(oldId);
  }
  return found;
}

/** What a record says of itself: its object type with each of its values. */
function marksOf(id: string, { records }: KeptTruth): readonly string[] {
  const object = id.slice(0, id.indexOf('/'));
  return Object.entries(records.get(id) ?? {}).map(([name, value]) => `${object}/${name}=${value}`);
}
