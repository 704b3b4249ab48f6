import type { RecordHistory } from '../../connectors/index.js';
import { defined } from '../../lib/index.js';
import { type FieldSchema, ownValue } from '../../records/index.js';
import { textOf } from '../labels/values.js';
import type { Cell, ChangedCell, Write } from '../types.js';
import { type ChangedRecord, isSame } from './changes.js';
import { writesOf } from './history.js';

/** What a cell is made from beside its record's history. */
export interface CellOf {
  readonly object: string;
  readonly key: string;
  readonly field: FieldSchema | undefined;
  /** When the base was read, and when the present state was, in milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Gives one and the same copy of a text that comes again with every entry. */
  readonly once: (text: string) => string;
}

/**
 * One cell with its writes since the base, up to the one that wrote what stands in the present state. Where none of them
 * did, somebody wrote without being told of: that is a last write by nobody.
 */
export function cellWith(of: CellOf, cell: ChangedRecord['cells'][number], { fields, merged }: RecordHistory): ChangedCell {
  const { object, key, fromMs } = of;
  const all = writesOf(ownValue(fields, cell.field)).map((write) => withKnown(write, cell, of.once));
  const since = all.filter(({ atMs }) => atMs >= fromMs);
  // A merge takes the value of one record and the history of both.
  const [first, ...rest] = merged === undefined ? upToPresent(since, cell, of) : since;
  const writes: readonly Write[] =
    first === undefined
      ? [{ before: cell.before, after: cell.after, spell: 0, ...(merged === undefined ? { missed: true } : {}) }]
      : [{ ...first, before: first.before === undefined ? cell.before : first.before }, ...rest];
  const earlier = earlierOf(all, writes, fromMs);
  return { object, key, field: cell.field, base: cell.before, now: cell.after, writes, ...defined({ earlier, movedFrom: cell.movedFrom }) };
}

/** The same, with values that the snapshots hold in place of copies of them. */
function withKnown<T extends Write>(write: T, { before, after }: ChangedRecord['cells'][number], once: CellOf['once']): T {
  const known = (value: Cell): Cell => (value === before ? before : value === after ? after : value);
  const same = { ...write, before: known(write.before), after: known(write.after) };
  return write.writer === undefined ? same : { ...same, writer: once(write.writer) };
}

/** What the cell held before the base, newest first, and holds again: the rest is let go, there may be twenty of each. */
function earlierOf(all: readonly (Write & { readonly atMs: number })[], writes: readonly Write[], fromMs: number): readonly Cell[] | undefined {
  const written = new Set(writes.map(({ after }) => textOf(after)));
  const held = all.filter(({ atMs, before }) => atMs < fromMs && before !== undefined && written.has(textOf(before))).map(({ before }) => before);
  return held.length === 0 ? undefined : held.reverse();
}

/** The same of a field of which no history tells: that it shows no write says nothing. */
export function withoutMissed(cell: ChangedCell): ChangedCell {
  if (!cell.writes.some(({ missed }) => missed === true)) return cell;
  return {
    ...cell,
    writes: cell.writes.map(({ before, after, atMs, spell, writer, maker }) => ({ before, after, ...defined({ atMs, spell, writer, maker }) })),
  };
}

/** Writes up to the last one that left what stands there now: later ones came after it was read. */
function upToPresent(
  since: readonly (Write & { readonly atMs: number })[],
  { before, after }: { readonly before: Cell; readonly after: Cell },
  { field, toMs }: CellOf,
): readonly Write[] {
  const last = since.findLastIndex((write) => write.after === undefined || isSame(write.after, after, field));
  const found = since[last];
  // Of several in the same millisecond nothing tells which came last, but what stands there.
  if (found !== undefined) return [...since.filter(({ atMs }, i) => i !== last && (i < last || atMs === found.atMs)), found];
  const seen = since.filter(({ atMs }) => atMs <= toMs);
  const latest = seen.at(-1);
  return latest === undefined ? [] : [...seen, { before: latest.after ?? before, after, spell: 0, missed: true }];
}
