import { formatDuration } from '../../lib/index.js';
import { kindText } from '../document/kinds.js';
import type { Blank, Mapping, MappedField, OnDelete, SideIndex } from '../document/mapping.js';

/** `crm (salesforce/Contact)` */
export function sideText({ sides }: Mapping, side: SideIndex): string {
  const { name, platform, object } = sides[side];
  return `${name} (${platform}/${object})`;
}

/** Which way a field goes, between the names of its two sides. */
export function arrowOf({ flow }: MappedField): '→' | '←' | '↔' {
  return flow.kind === 'two-way' ? '↔' : flow.from === 0 ? '→' : '←';
}

/** Which side counts, for people. */
export function authorityText({ sides }: Mapping, { flow }: MappedField): string {
  if (flow.kind === 'one-way') return sides[flow.from].name;
  const wins = flow.wins === 'newest' ? 'the newest' : flow.wins === 'person' ? 'what a person decides' : sides[flow.wins].name;
  return `both; ${wins} wins`;
}

const BLANK_WORDS: Readonly<Record<Blank, string>> = {
  clear: 'the other side is cleared',
  keep: 'the other side keeps its value',
  refuse: 'never right',
};

/** What an empty value means. */
export const blankText = ({ blank }: MappedField): string => BLANK_WORDS[blank];

/** What counts as the same value, as `as:` says it; `options` where `values` pairs them. */
export function sameText({ as, values }: MappedField): string {
  return [...(as === undefined ? [] : [kindText(as)]), ...(values === undefined ? [] : ['options'])].join(', ');
}

/** What else is said of a field, in sentences without their full stops. */
export function restOf({ max, type, frequencyMs, note, flow, settleMs }: MappedField, { settleMs: usual }: Mapping): readonly string[] {
  return [
    ...(flow.kind === 'two-way' ? [`Goes both ways: ${flow.reason}`] : []),
    ...(max === undefined ? [] : [`At most ${max} characters`]),
    ...(type === undefined ? [] : [`Both sides are ${type}`]),
    ...(frequencyMs === undefined ? [] : [`Carried every ${formatDuration(frequencyMs)}`]),
    ...(settleMs === usual ? [] : [`May take ${formatDuration(settleMs)}`]),
    ...(note === undefined ? [] : [note]),
  ];
}

const DELETE_WORDS: Readonly<Record<OnDelete, string>> = { deleted: 'is deleted too', inactive: 'becomes inactive', kept: 'stays as it is' };

/** What becomes of the other record when one of a side is deleted; undefined where nothing is said. */
export function deletionText({ sides, onDelete, inactive }: Mapping, side: SideIndex): string | undefined {
  const rule = onDelete[side];
  if (rule === undefined) return undefined;
  const other = side === 0 ? 1 : 0;
  const looks = Object.entries(inactive[other] ?? {}).map(([field, value]) => `${field} is ${value}`);
  const how = rule === 'inactive' && looks.length > 0 ? ` (${looks.join(', ')})` : '';
  return `deleted in ${sides[side].name}: the record of ${sides[other].name} ${DELETE_WORDS[rule]}${how}`;
}

/** One way of matching: `crm.Email with map.email, as email`. */
export function matchText({ sides }: Mapping, { names, as }: Mapping['match'][number]): string {
  return `${sides[0].name}.${names[0]} with ${sides[1].name}.${names[1]}${as === undefined ? '' : `, as ${kindText(as)}`}`;
}
