import type { Fields, Link, PlatformRecord, Value } from '../../records/index.js';
import type { LinkChange, Plan, PlanChange, RecordChange } from '../../restores/index.js';
import type { StageContents, StageObject } from '../local/contents.js';

/** What a plan wants to find, by the changes that come first for each cell, record and link. */
export class Wanted {
  /** `object`, then key: what its cells hold; undefined where the record is not there. */
  readonly records = new Map<string, Map<string, Record<string, Value> | undefined>>();
  /** What the plan writes, for what it names. */
  readonly written = new Map<string, PlatformRecord[]>();
  /** Kind of link, then pair: whether it is there. */
  readonly links = new Map<string, Map<string, Link & { readonly there: boolean }>>();
  /** Keys of everything that it touches, by object type: ends of links too. */
  readonly keys = new Map<string, Set<string>>();

  static async of(plan: Plan): Promise<Wanted> {
    const wanted = new Wanted();
    for await (const lines of plan.linesTogether()) for (const line of lines) if (line.kind === 'change') wanted.take(line);
    return wanted;
  }

  take(change: PlanChange): void {
    if ('link' in change) this.#link(change);
    else this.#record(change);
  }

  #touches(object: string, key: string): void {
    const keys = this.keys.get(object) ?? new Set<string>();
    this.keys.set(object, keys.add(key));
  }

  #record({ object, key, action, fields, given = {} }: RecordChange): void {
    this.#touches(object, key);
    const to: Record<string, Value> = {};
    for (const [name, move] of Object.entries(fields)) if (move.to !== undefined) to[name] = move.to;
    const written = this.written.get(object) ?? [];
    if (written.length === 0) this.written.set(object, written);
    if (action !== 'delete') written.push({ key, fields: { ...given, ...to }, meta: {} });
    const records = this.records.get(object) ?? new Map<string, Record<string, Value> | undefined>();
    this.records.set(object, records);
    if (action === 'create' || action === 'undelete') {
      if (!records.has(key)) records.set(key, undefined);
      return;
    }
    const cells = records.get(key) ?? {};
    if (records.has(key) && records.get(key) === undefined) return;
    // What an earlier change of the same plan writes is not what stood there before.
    for (const [name, move] of Object.entries(fields)) if (!Object.hasOwn(cells, name)) cells[name] = move.from ?? null;
    records.set(key, cells);
  }

  #link({ link, action, from, to }: LinkChange): void {
    this.#touches(from.object, from.key);
    this.#touches(to.object, to.key);
    const kind = kindName({ from: from.object, to: to.object, kind: link });
    const pairs = this.links.get(kind) ?? new Map<string, Link & { readonly there: boolean }>();
    this.links.set(kind, pairs);
    const pair = pairName({ from: from.key, to: to.key });
    if (!pairs.has(pair)) pairs.set(pair, { from: from.key, to: to.key, there: action === 'unlink' });
  }
}

/**
 * What a snapshot holds, with everything that a plan changes as the plan saw it when it was made: somebody may have edited
 * it after the snapshot was taken. All else is as in the snapshot. What the plan names (owners, stages) is there.
 */
export function asPlanned(contents: StageContents, wanted: Wanted): StageContents {
  const objects = contents.objects.map((one) => objectAs(one, wanted));
  const there = new Map(objects.map(({ schema, records }) => [schema.object, new Set(records.map(({ key }) => key))]));
  const links = contents.links.map(({ schema, pairs }) => {
    const named = wanted.links.get(kindName(schema));
    const ends = [there.get(schema.from), there.get(schema.to)];
    const kept =
      named === undefined ? pairs : [...pairs.filter((pair) => !named.has(pairName(pair))), ...[...named.values()].filter((one) => one.there)];
    return { schema, pairs: kept.filter(({ from, to }) => ends[0]?.has(from) === true && ends[1]?.has(to) === true) };
  });
  return { ...contents, objects, links };
}

function objectAs(one: StageObject, { records: all, written }: Wanted): StageObject {
  const { object } = one.schema;
  const wanted = new Map(all.get(object));
  const records: PlatformRecord[] = [];
  for (const record of one.records) {
    if (!wanted.has(record.key)) records.push(record);
    else {
      const cells = wanted.get(record.key);
      if (cells !== undefined) records.push({ ...record, fields: withCells(record.fields, cells) });
    }
    wanted.delete(record.key);
  }
  // Made after the snapshot was taken.
  for (const [key, cells] of wanted) if (cells !== undefined) records.push({ key, fields: cells, meta: {} });
  return { ...one, records, referred: written.get(object) ?? [] };
}

const withCells = (fields: Fields, cells: Fields): Fields => ({ ...fields, ...cells });
const kindName = ({ from, to, kind }: { readonly from: string; readonly to: string; readonly kind: string }): string => `${from}~${to}~${kind}`;
const pairName = ({ from, to }: Link): string => JSON.stringify([from, to]);
