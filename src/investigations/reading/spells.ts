import type { Platform } from '../../connectors/index.js';
import { type CallOptions, chunksOf, defined } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { Damage, SnapshotReader } from '../../snapshots/index.js';
import type { ChangedCell, Write } from '../types.js';
import { type AppearedRecord, changesIn } from './changes.js';
import { historiesOf } from './history.js';

/** Records whose last writer is asked for and kept at a time. */
const ASKED_AT_ONCE = 5000;

/** What changed in one object type, as far as snapshots tell. */
export interface BySpells {
  readonly cells: readonly ChangedCell[];
  readonly appeared: readonly AppearedRecord[];
  /** Records that differ, and those of them whose last writer was told. */
  readonly changed: number;
  readonly asked: number;
}

/** A cell while its writes are gathered. */
type Growing = Omit<ChangedCell, 'writes' | 'last'> & { writes: readonly Write[]; last?: NonNullable<ChangedCell['last']> };

/**
 * What differs between the first and the last snapshot, with the spells between neighbouring ones in which it changed,
 * and with who wrote the record last, where the platform tells that much. Each pair of snapshots is compared once.
 */
export async function changesBySpells(
  { platform, readers }: { readonly platform: Platform; readonly readers: readonly SnapshotReader[] },
  schema: ObjectSchema,
  onDamage: (damage: Damage) => void,
  options: CallOptions,
): Promise<BySpells> {
  const { object } = schema;
  const ends = [readers[0] as SnapshotReader, readers.at(-1) as SnapshotReader] as const;
  const cells: Growing[] = [];
  const appeared: AppearedRecord[] = [];
  let changed = 0;
  for await (const batch of changesIn(ends, platform.name, schema, 0, onDamage, options)) {
    changed += batch.changed.length;
    for (const { key, cells: some } of batch.changed)
      for (const { field, before, after, movedFrom } of some) {
        const cell: Growing = { object, key, field, base: before, now: after, writes: [{ before, after, spell: 0 }] };
        cells.push(movedFrom === undefined ? cell : { ...cell, movedFrom });
      }
    for (const one of batch.appeared) appeared.push(one);
  }
  const spells = await spellsOf(readers, platform.name, schema, cells, appeared, options);
  const asked = await addLastWriters(platform, schema, cells, options);
  return { cells, appeared: spells, changed, asked };
}

/** Puts the writes of each spell into the cells; gives the records that are new or gone with the spell of it. */
async function spellsOf(
  readers: readonly SnapshotReader[],
  platform: string,
  schema: ObjectSchema,
  cells: readonly Growing[],
  appeared: readonly AppearedRecord[],
  options: CallOptions,
): Promise<readonly AppearedRecord[]> {
  if (readers.length <= 2 || cells.length + appeared.length === 0) return appeared;
  // One entry for each cell that differs in the end: what changed back in between is not looked at.
  const open = new Map<string, Growing[]>();
  for (const cell of cells) {
    const same = open.get(cell.key);
    if (same === undefined) open.set(cell.key, [cell]);
    else same.push(cell);
  }
  const told = new Set<Growing>();
  const spellOf = new Map<string, number>();
  for (let spell = 0; spell + 1 < readers.length; spell += 1) {
    const pair = [readers[spell] as SnapshotReader, readers[spell + 1] as SnapshotReader] as const;
    for await (const batch of changesIn(pair, platform, schema, spell, () => undefined, options)) {
      for (const { change, key } of batch.appeared) spellOf.set(`${change} ${key}`, spell);
      for (const { key, cells: some } of batch.changed)
        for (const cell of open.get(key) ?? []) {
          const found = some.find(({ field }) => field === cell.field);
          if (found === undefined) continue;
          const write = { before: found.before, after: found.after, spell };
          cell.writes = told.has(cell) ? [...cell.writes, write] : [write];
          told.add(cell);
        }
    }
  }
  return appeared.map((one) => ({ ...one, ...defined({ spell: spellOf.get(`${one.change} ${one.key}`) ?? one.spell }) }));
}

/** Puts who wrote the record last into the cells; gives the number of records of which that is told. */
async function addLastWriters(platform: Platform, schema: ObjectSchema, cells: readonly Growing[], options: CallOptions): Promise<number> {
  const field = schema.fields[0]?.name;
  if (platform.connector.capabilities.history !== 'record' || field === undefined) return 0;
  let asked = 0;
  for (const some of chunksOf(byRecord(cells), ASKED_AT_ONCE)) {
    const keys = some.map(([cell]) => (cell as Growing).key);
    const told = await historiesOf(platform, schema, keys, [field], options);
    asked += told.size;
    for (const record of some) {
      const last = told.get((record[0] as Growing).key)?.fields[field]?.[0];
      if (last?.writer === undefined) continue;
      const atMs = Date.parse(last.at ?? '');
      const known = { writer: last.writer, ...(Number.isNaN(atMs) ? {} : { atMs }) };
      for (const cell of record) cell.last = known;
    }
  }
  return asked;
}

/** Cells of each record, which lie next to each other. */
function byRecord(cells: readonly Growing[]): readonly (readonly Growing[])[] {
  const records: Growing[][] = [];
  for (const cell of cells) {
    const last = records.at(-1);
    if (last?.[0]?.key === cell.key) last.push(cell);
    else records.push([cell]);
  }
  return records;
}
