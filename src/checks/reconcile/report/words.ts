import { counted, formatCount } from '../../../lib/index.js';
import type { Difference, DifferenceClass, DifferenceCount, Reconciliation } from '../types.js';

/** What each class is called on screens and in reports. */
export const CLASS_WORDS: Readonly<Record<DifferenceClass, string>> = {
  missing: 'missing',
  extra: 'extra',
  twice: 'matched twice',
  value: 'other value',
  unreadable: 'cannot be compared',
  order: 'other order',
  'in-flight': 'in flight',
};

/** Where a count is: in which field, or on which side. */
export function placeWords({ class: name, side, names, authority }: DifferenceCount, { sides }: Pick<Reconciliation, 'sides'>): string {
  if (names !== undefined) {
    const field = names[0] === names[1] ? names[0] : `${names[0]} / ${names[1]}`;
    return `${field} (${authority === undefined ? 'both count' : `${sides[authority].name} counts`})`;
  }
  if (side === undefined) return '';
  return name === 'extra' ? `only in ${sides[side].name}` : `not in ${sides[side].name}`;
}

/** One sentence about all of it. */
export function agreementWords({ passed, differences, beyond, matched, unreadable, lostWays }: Reconciliation): string {
  const notCompared = unreadable.length + lostWays.length;
  if (passed) return `Both sides agree: ${counted(matched, 'pairs')} of records.`;
  const found = [
    ...(differences > 0 ? [counted(differences, 'differences')] : []),
    ...(beyond > 0 ? [`${formatCount(beyond)} more that were not read again`] : []),
    ...(notCompared > 0 ? [`${counted(notCompared, 'parts')} of the mapping that cannot be compared`] : []),
  ];
  return `The two sides do not agree: ${found.join(', ')}.`;
}

/** The records of a difference, by side: `crm 101, map 7`. */
export function recordWords({ keys }: Pick<Difference, 'keys'>, { sides }: Pick<Reconciliation, 'sides'>): string {
  return sides
    .flatMap(({ name }, side) => {
      const own = keys[side] ?? [];
      if (own.length === 0) return [];
      return [`${name} ${own.slice(0, MOST_KEYS).join(', ')}${own.length > MOST_KEYS ? ` and ${formatCount(own.length - MOST_KEYS)} more` : ''}`];
    })
    .join(', ');
}

const MOST_KEYS = 3;
