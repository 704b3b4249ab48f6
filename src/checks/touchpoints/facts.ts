import type { MappedField, SideIndex } from '../../mappings/index.js';
import type { Fields, FieldSchema, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';

/**
 * What became of one field of one record on the other side:
 * - `right`: what the mapping says, character for character;
 * - `normalised`: the same value in another form;
 * - `truncated`: only its beginning;
 * - `option-lost`: an option, or some of several, is not there;
 * - `wrong`: another value;
 * - `late`: right, but not in time.
 */
export const CELL_VERDICTS = ['right', 'normalised', 'truncated', 'option-lost', 'wrong', 'late'] as const;
export type CellVerdict = (typeof CELL_VERDICTS)[number];

/**
 * What became of one record on the other side; `left`: it is still there, and should not be; `orphaned`: it is deleted, and something still
 * points to it. The others as for a load.
 */
export const RECORD_VERDICTS = ['right', 'late', 'missing', 'doubled', 'left', 'orphaned'] as const;
export type RecordVerdict = (typeof RECORD_VERDICTS)[number];

/** A mapped field that the test writes, with both its descriptions. */
export interface TestedField {
  readonly field: MappedField;
  readonly from: FieldSchema;
  readonly to: FieldSchema;
}

/** Both sides of a test: where it writes, and where that should arrive. */
export interface TestedSides {
  readonly from: SideIndex;
  readonly schemas: readonly [ObjectSchema, ObjectSchema];
  readonly fields: readonly TestedField[];
  /** Those whose values the other side alone may change: what is written here must not arrive there. Seen from here, as `fields`. */
  readonly held: readonly TestedField[];
  /** The pair of fields that tells whose record it is: what the test writes there is written nowhere else. */
  readonly marker: readonly [from: string, to: string];
  /** A second one, where there is a second text: a copy that was made twice may lack the first. */
  readonly nonce?: readonly [from: string, to: string];
}

/** The fields that mark the records of a test, on the side where it writes. */
export function marksOf({ marker, nonce }: Pick<TestedSides, 'marker' | 'nonce'>): readonly string[] {
  return [marker[0], ...(nonce === undefined ? [] : [nonce[0]])];
}

/** A record of the test on the side where it was made. */
export interface Made {
  /** From 0. */
  readonly n: number;
  readonly key: string;
  /** What it holds there by its platform's own word. */
  readonly record: PlatformRecord;
}

/** What is there of a record on the other side, in one reading. */
export type Copies = ReadonlyMap<number, readonly PlatformRecord[]>;

/** The value of a field, wherever the schema puts it; null where there is none. */
export function valueIn({ fields, meta }: { readonly fields: Fields; readonly meta: Fields }, name: string): Value {
  return (Object.hasOwn(fields, name) ? fields[name] : Object.hasOwn(meta, name) ? meta[name] : null) ?? null;
}
