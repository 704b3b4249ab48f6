import { matchForm, type SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { mayBeAlone } from './alone.js';
import { type Comparison, mappedValue } from './columns.js';
import { fieldHasher, formHasher, type Hasher, orderHasher, plainnessOf } from './forms.js';

/** Two of them tell records apart that a join takes for the same. */
const MATCH_SEEDS = [0x7f4a7c15, 0x3c6ef372] as const;

/** Where the numbers of a row stand: two for each way of matching, then the fields, their orders, and whether it may be alone. */
export interface RowLayout {
  readonly columns: number;
  /** Column of the first number of a way; the second one follows. */
  way(way: number): number;
  field(field: number): number;
  /** Column of the order of a field; undefined where none is kept. */
  order(field: number): number | undefined;
  /** Column that is 1 where the mapping lets the record stand alone. */
  readonly alone: number;
}

/** The layout of the rows of a comparison. */
export function layoutOf({ match, fields }: Comparison): RowLayout {
  const first = MATCH_SEEDS.length * match.length;
  const ordered = fields.flatMap((field, place) => (field.ordered ? [place] : []));
  const alone = first + fields.length + ordered.length;
  return {
    columns: alone + 1,
    alone,
    way: (way) => MATCH_SEEDS.length * way,
    field: (field) => first + field,
    order: (field) => {
      const at = ordered.indexOf(field);
      return at === -1 ? undefined : first + fields.length + at;
    },
  };
}

/** Gives the numbers of a record; the array is used again for the next. */
export type RowMaker = (record: PlatformRecord) => Uint32Array;

/** Makes the rows of one side. */
export function rowMaker(comparison: Comparison, side: SideIndex): RowMaker {
  const { match, fields } = comparison;
  const layout = layoutOf(comparison);
  const cells: { readonly column: number; readonly name: string; readonly hash: Hasher }[] = [];
  for (const [place, way] of match.entries())
    for (const [lane, seed] of MATCH_SEEDS.entries()) {
      const plainness = plainnessOf(way.as?.kind ?? 'text');
      cells.push({ column: layout.way(place) + lane, name: way.names[side], hash: formHasher((value) => matchForm(way, value), seed, plainness) });
    }
  for (const [place, one] of fields.entries()) {
    const name = one.field.names[side];
    cells.push({ column: layout.field(place), name, hash: fieldHasher(one, side) });
    const order = layout.order(place);
    if (order !== undefined) cells.push({ column: order, name, hash: orderHasher(one, side) });
  }
  const row = new Uint32Array(layout.columns);
  const isRight = mayBeAlone(comparison.mapping, side);
  return (record) => {
    for (const { column, name, hash } of cells) row[column] = hash(mappedValue(record, name));
    row[layout.alone] = isRight(record) ? 1 : 0;
    return row;
  };
}
