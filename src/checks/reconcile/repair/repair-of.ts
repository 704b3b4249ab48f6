import { carried, otherSide, type SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord, Value } from '../../../records/index.js';
import { lookAtField } from '../confirm/look-at-pair.js';
import { type ComparedField, mappedValue } from '../rows/columns.js';

/** What would make a field of a pair the same on both sides. */
export type FieldRepair =
  /** This value on that side, in its field. */
  | { readonly side: SideIndex; readonly name: string; readonly write: Value }
  /** Nothing: both say the same by now, or the mapping keeps what is there. */
  | { readonly nothing: true }
  /** A person has to decide. */
  | { readonly left: LeftWhy };

/**
 * Why nothing is planned for a difference: both sides may change the field and the mapping names none, the value has no
 * counterpart or cannot be read, an empty value is never right, the record is gone or matched otherwise. Of records: several match (`twice-left`: and
 * a person said which of them belong together, and that this one is left), the
 * mapping does not say what becomes of it (`record`), a side may have been read in part, the deletion was not asked for, the new
 * record would need a key that nobody knows, or nothing would find it.
 */
export type LeftWhy =
  | 'both-count'
  | 'no-counterpart'
  | 'unreadable'
  | 'blank'
  | 'moved'
  | 'twice'
  | 'twice-left'
  | 'record'
  | 'partial'
  | 'not-asked'
  | 'no-key'
  | 'no-match';

/** The value that the other side should hold in a field, of two records as they are now. Pure. */
export function repairOf(one: ComparedField, left: PlatformRecord, right: PlatformRecord): FieldRepair {
  const { field, types } = one;
  const look = lookAtField(one, left, right);
  if (look === undefined || look.class === 'order') return { nothing: true };
  const from = sourceOf(field);
  if (from === undefined) return { left: 'both-count' };
  const to = otherSide(from);
  const value = carried(field, from, mappedValue(from === 0 ? left : right, field.names[from]), types);
  if ('keep' in value) return { nothing: true };
  if ('problem' in value) return { left: value.problem };
  return { side: to, name: field.names[to], write: value.write };
}

/** The side whose value counts; undefined where the newest does, or a person decides. */
function sourceOf({ flow }: Pick<ComparedField['field'], 'flow'>): SideIndex | undefined {
  if (flow.kind === 'one-way') return flow.from;
  return flow.wins === 'newest' || flow.wins === 'person' ? undefined : flow.wins;
}
