import { type Mapping, matchForm, type MatchKey, otherSide, type SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { mappedValue } from './columns.js';

/**
 * The sides whose records have to have a counterpart: those from which the mapping creates records on the other (`creates` names where), else those
 * whose value counts in some field.
 */
export function sourceSides({ creates, fields }: Pick<Mapping, 'creates' | 'fields'>): readonly SideIndex[] {
  if (creates !== undefined) return creates.map(otherSide);
  return ([0, 1] as const).filter((side) => fields.some(({ flow }) => flow.kind === 'two-way' || flow.from === side));
}

/** Values of an inactive record are compared as texts. */
const AS_TEXT: MatchKey = { names: ['', ''] };

/**
 * Whether it is right for a record of a side to have no counterpart: its own was deleted, and the mapping says what an
 * inactive record looks like, or that it is kept where none are created.
 */
export function mayBeAlone(mapping: Mapping, side: SideIndex): (record: PlatformRecord) => boolean {
  const becomes = mapping.onDelete[otherSide(side)];
  if (becomes === 'kept') {
    const isKept = !sourceSides(mapping).includes(side);
    return () => isKept;
  }
  const inactive = Object.entries(mapping.inactive[side] ?? {});
  if (becomes !== 'inactive' || inactive.length === 0) return () => false;
  return (record) => inactive.every(([name, value]) => matchForm(AS_TEXT, mappedValue(record, name)) === matchForm(AS_TEXT, value));
}
