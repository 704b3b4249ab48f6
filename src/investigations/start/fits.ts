import { isEmpty, textOf } from '../labels/values.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Cell, Group, Member } from '../types.js';
import type { FoundStart } from './types.js';

const MINUTE_MS = 60_000;

/** True where what was given of record, field and value holds of a changed cell. */
export function cellFits({ record, field, value }: FoundStart, object: string, key: string, name: string, after: Cell): boolean {
  if (record !== undefined && (record.object !== object || record.key !== key)) return false;
  if (field !== undefined && (field.name !== name || !field.objects.has(object))) return false;
  return value === undefined || isValue(value, after);
}

/** True where a start names changes that can be told by their values alone: their history is asked for in full. */
export function namesCells({ record, field, value }: FoundStart): boolean {
  return record !== undefined || field !== undefined || value !== undefined;
}

/** Members of a group that lie at the starting point. */
export function membersAt(start: FoundStart, group: Group): readonly Member[] {
  return group.members.filter((member) => memberFits(start, member) && timeFits(start, group, member));
}

function memberFits(start: FoundStart, member: Member): boolean {
  const { object, key, field, after } = member;
  if (field !== '') return cellFits(start, object, key, field, after);
  // A record or link as a whole has no field and no value.
  if (start.field !== undefined || start.value !== undefined) return false;
  return start.record === undefined || endsOf(member).some(([end, of]) => end === start.record?.object && of === start.record.key);
}

/** A record, or both ends of a link. A key can hold spaces, so a link may have more than one reading. */
function endsOf({ object, key }: Member): readonly (readonly [object: string, key: string])[] {
  const [from = '', to] = object.split('~');
  if (to === undefined) return [[object, key]];
  const cuts = [...key.matchAll(/ /gu)].map(({ index }) => index);
  return cuts.flatMap((at) => [[from, key.slice(0, at)] as const, [to, key.slice(at + 1)] as const]);
}

/** Where the time of a change is not known, its group may lie in the time that was given. */
function timeFits({ atMs, sinceMs }: FoundStart, { fromMs, toMs, exact }: Group, member: Member): boolean {
  const [first, last] = exact && member.atMs !== undefined ? [member.atMs, member.atMs] : [fromMs, toMs];
  const about = THRESHOLDS.gapMinutes * MINUTE_MS;
  if (atMs !== undefined && (atMs < first - about || atMs > last + about)) return false;
  return sinceMs === undefined || last >= sinceMs;
}

/** True where a value is what a person typed, whatever its case and the spaces around it. */
export function isValue(wanted: string, value: Cell): boolean {
  const typed = plain(wanted);
  return typed === '' ? isEmpty(value) : plain(textOf(value)) === typed;
}

function plain(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
