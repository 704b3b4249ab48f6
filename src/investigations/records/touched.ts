import type { Store } from '../../store/index.js';
import { cellsOf } from './file.js';
import type { Investigation, KeptGroup } from './types.js';

/** What one group did to one record, or to one link of it. */
export interface Touched {
  readonly group: KeptGroup;
  readonly object: string;
  readonly key: string;
  /** The other end of a link. */
  readonly other?: { readonly object: string; readonly key: string };
  /** Fields that were written; empty of a record or link as a whole. */
  readonly fields: readonly string[];
  /** When it first did, ISO 8601; absent where no history tells. */
  readonly at?: string;
}

/** What some groups did, by record and group, in the order of the investigation. */
export async function touchedRecords(store: Store, { header }: Investigation, groups: readonly KeptGroup[]): Promise<readonly Touched[]> {
  const byNumber = new Map(groups.map((group) => [group.n, group]));
  const found = new Map<string, { -readonly [name in keyof Touched]: Touched[name] } & { fields: string[] }>();
  for await (const { g, o, k, f, at } of cellsOf(store, header.id, new Set(byNumber.keys()))) {
    const group = byNumber.get(g);
    if (group === undefined) continue;
    const name = JSON.stringify([g, o, k]);
    const known = found.get(name);
    if (known === undefined) {
      found.set(name, { group, ...endsOf(o, k), fields: f === undefined ? [] : [f], ...(at === undefined ? {} : { at }) });
      continue;
    }
    if (f !== undefined && !known.fields.includes(f)) known.fields.push(f);
    if (at !== undefined && (known.at === undefined || at < known.at)) known.at = at;
  }
  return [...found.values()];
}

/** A record, or the two of a link: its object holds both types, its key both keys. */
function endsOf(o: string, k: string): Pick<Touched, 'object' | 'key' | 'other'> {
  const [from = o, to] = o.split('~');
  if (to === undefined) return { object: o, key: k };
  const cut = k.indexOf(' ');
  return { object: from, key: k.slice(0, cut), other: { object: to, key: k.slice(cut + 1) } };
}
