import {
  comparerOf,
  type Comparer,
  type Mapping,
  type MappedField,
  matchForm,
  matchIn,
  type MatchKey,
  type SideIndex,
  type TypePair,
} from '../../../mappings/index.js';
import { type FieldSchema, type ObjectSchema, type PlatformRecord, type Value, valueIn } from '../../../records/index.js';
import type { UnreadableField } from '../types.js';

/** A field that is compared. */
export interface ComparedField {
  /** Place in `mapping.fields`. */
  readonly place: number;
  readonly field: MappedField;
  readonly comparer: Comparer;
  readonly types: TypePair;
  /** The order of its elements is something that both sides keep. */
  readonly ordered: boolean;
}

/** What of a mapping is compared, by the descriptions of both sides. Pure; made once. */
export interface Comparison {
  readonly mapping: Mapping;
  readonly fields: readonly ComparedField[];
  readonly match: readonly MatchKey[];
  readonly unreadable: readonly UnreadableField[];
  /** Ways to match of which a side does not have the field. */
  readonly lostWays: readonly UnreadableField[];
}

/** What of a mapping can be compared: fields that a side does not have are told, and the rest is compared. */
export function comparisonOf(mapping: Mapping, schemas: readonly [ObjectSchema, ObjectSchema]): Comparison {
  const fields: ComparedField[] = [];
  const unreadable: UnreadableField[] = [];
  for (const [place, field] of mapping.fields.entries()) {
    const lacking = lackingOn(field.names, schemas);
    if (lacking.length > 0) {
      unreadable.push(...lacking.map((one) => ({ field: place, ...one })));
      continue;
    }
    const types: TypePair = [typeOf(schemas[0], field.names[0]), typeOf(schemas[1], field.names[1])];
    const comparer = comparerOf(field, types);
    // A set lies sorted by the codes of its platform, which says nothing of an order.
    fields.push({ place, field, comparer, types, ordered: comparer.kind.kind === 'list' && !types.includes('set') });
  }
  const ways = mapping.match.map((way, place) => ({
    way: matchIn(way, schemas),
    lacking: lackingOn(way.names, schemas).map((one) => ({ field: place, ...one })),
  }));
  return {
    mapping,
    fields,
    unreadable,
    match: ways.filter(({ lacking }) => lacking.length === 0).map(({ way }) => way),
    lostWays: ways.flatMap(({ lacking }) => lacking),
  };
}

/** What a record holds under a name of a mapping; `key` is the key of the record. */
export function mappedValue(record: PlatformRecord, name: string): Value | undefined {
  return name === 'key' ? record.key : valueIn(record, name);
}

/** The forms by which a record is matched, one for each way. */
export function matchForms({ match }: Comparison, side: SideIndex, record: PlatformRecord): readonly (string | undefined)[] {
  return match.map((way) => matchForm(way, mappedValue(record, way.names[side])));
}

function lackingOn(
  names: readonly [string, string],
  schemas: readonly [ObjectSchema, ObjectSchema],
): readonly { readonly side: SideIndex; readonly why: string }[] {
  return ([0, 1] as const).flatMap((side) => {
    const why = lackingWhy(schemas[side], names[side]);
    return why === undefined ? [] : [{ side, why }];
  });
}

function lackingWhy(schema: ObjectSchema, name: string): string | undefined {
  if (name === 'key' || fieldOf(schema, name) !== undefined) return undefined;
  return schema.withheld?.includes(name) === true ? 'it is never stored' : 'the platform has no such field';
}

function fieldOf({ fields }: ObjectSchema, name: string): FieldSchema | undefined {
  return fields.find((field) => field.name === name);
}

function typeOf(schema: ObjectSchema, name: string): FieldSchema['type'] {
  return fieldOf(schema, name)?.type ?? 'string';
}
