import { carried, otherSide, type SideIndex } from '../../../mappings/index.js';
import type { Fields, ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import { setOwn } from '../../../records/index.js';
import { sourceSides } from '../rows/alone.js';
import { type Comparison, mappedValue, matchForms } from '../rows/columns.js';
import type { LeftWhy } from './repair-of.js';

/** What is to happen about a record without a counterpart. */
export type AloneRepair =
  /** It is created on the other side, with these fields. */
  | { readonly create: Fields }
  /** It gets these values on its own side: so looks a record whose counterpart was deleted. */
  | { readonly update: Fields }
  /** It is deleted on its own side. */
  | { readonly delete: true }
  | { readonly left: LeftWhy };

/** Most of what decides about records alone. */
export interface AloneRules {
  readonly comparison: Comparison;
  readonly schemas: readonly [ObjectSchema, ObjectSchema];
  /** By side: it was proved that every record was read. */
  readonly census: readonly [boolean, boolean];
  /** A person asked for deletions. */
  readonly deleteExtra: boolean;
}

/**
 * What makes both sides agree about a record that is alone on `side`. Where records of that side are created, the other side gets it; else the
 * mapping says by `on_delete` what becomes of it. Nothing where either side may have been read in part. Pure.
 */
export function repairOfAlone(rules: AloneRules, side: SideIndex, record: PlatformRecord): AloneRepair {
  const { comparison, census, deleteExtra } = rules;
  const { mapping } = comparison;
  if (!census[0] || !census[1]) return { left: 'partial' };
  if (sourceSides(mapping).includes(side)) return created(rules, side, record);
  const becomes = mapping.onDelete[otherSide(side)];
  if (becomes === 'deleted') return deleteExtra ? { delete: true } : { left: 'not-asked' };
  const inactive = mapping.inactive[side];
  return becomes === 'inactive' && inactive !== undefined ? { update: { ...inactive } } : { left: 'record' };
}

function created({ comparison, schemas }: AloneRules, side: SideIndex, record: PlatformRecord): AloneRepair {
  const there = otherSide(side);
  if (schemas[there].createWithKey) return { left: 'no-key' };
  const fields: Record<string, Value> = {};
  for (const { field, types } of comparison.fields) {
    const name = field.names[there];
    const goesThere = field.flow.kind === 'two-way' || field.flow.from === side;
    if (name === 'key') continue;
    const value = carried(field, side, mappedValue(record, field.names[side]), types);
    if ('problem' in value && goesThere) return { left: value.problem };
    // A new record has no value of its own yet that could count: it begins with that of the other side, where it can be written.
    if (!goesThere && schemas[there].fields.find((one) => one.name === name)?.readOnly !== false) continue;
    if ('write' in value && value.write !== null) setOwn(fields, name, value.write);
  }
  if (!addMatch(comparison, side, record, fields)) return { left: 'no-match' };
  return { create: fields };
}

/** What the new record is found by; false where nothing would find it, so that the next reconciliation would miss it again. */
function addMatch(comparison: Comparison, side: SideIndex, record: PlatformRecord, fields: Record<string, Value>): boolean {
  const there = otherSide(side);
  const forms = matchForms(comparison, side, record);
  let isFound = false;
  for (const [n, { names }] of comparison.match.entries()) {
    // The key that it gets is not known yet.
    if (names[there] === 'key' || forms[n] === undefined) continue;
    const value = mappedValue(record, names[side]);
    if (!Object.hasOwn(fields, names[there]) && value !== undefined && value !== null) setOwn(fields, names[there], value);
    isFound = true;
  }
  return isFound;
}
