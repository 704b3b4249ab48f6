import { ownValue } from '../../../lib/index.js';
import { type Column, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible } from '../text/visible.js';

/** How people know a record: by its name, its address, and the page of its platform that shows it. */
export interface RecordLook {
  readonly name?: string;
  readonly address?: string;
  /** Address of the page that opens it. */
  readonly page?: string;
  /** Id of whoever owns it on the platform. */
  readonly owner?: string;
}

/** What is known of records; nothing where a snapshot that names them is gone. */
export type Looks = (object: string, key: string) => RecordLook;

/** Where no record is known by more than its key. */
export const noLooks: Looks = () => ({});

/** `Ann Lee <ann@example.com>`; empty where neither is known. */
export function calledText({ name, address }: RecordLook): string {
  if (name === undefined) return visible(address ?? '');
  return address === undefined ? visible(name) : `${visible(name)} <${visible(address)}>`;
}

/** `Ann Lee <ann@example.com>, contacts 104`: the name before the id. */
export function recordText(object: string, key: string, looks: Looks): string {
  const called = calledText(looks(object, key));
  const id = visible(`${object} ${key}`);
  return called === '' ? id : `${called}, ${id}`;
}

/** The page that opens a record, as a line of facts; none where the platform has no such pages. */
export function pageLine(object: string, key: string, looks: Looks): readonly [string, string][] {
  const { page } = looks(object, key);
  return page === undefined ? [] : [['Open it', visible(page)]];
}

/** A line of a table that is about one record: what comes after its name and its key. */
export interface RecordRow {
  readonly object: string;
  readonly key: string;
  readonly cells: readonly string[];
}

/** A table of records: their names (where any is known) and keys, then `columns`. Names give way before keys do. */
export function recordTable(columns: readonly Column[], rows: readonly RecordRow[], style: Style, looks: Looks): string {
  const called = rows.map(({ object, key }) => calledText(looks(object, key)));
  const named = called.some((text) => text !== '');
  return table(
    [...(named ? [{ title: 'Name', shrink: true }] : []), { title: 'Record', whole: true }, ...columns],
    rows.map(({ object, key, cells }, i) => [...(named ? [called[i] ?? ''] : []), visible(`${object} ${key}`), ...cells]),
    style,
  );
}

/** Fields that are named of a whole record. */
const SHOWN = 6;

/** What one side of a conflict holds, in words: a value, the fields of a whole record, or that there is no record. */
export function sideText(value: unknown, whole: boolean): string {
  if (value === undefined) return whole ? '(not there)' : showValue(value);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return showValue(value);
  const held = Object.entries(value).filter(([, one]) => one !== null && one !== '');
  if (held.length === 0) return '(every field is empty)';
  const named = held.slice(0, SHOWN).map(([field, one]) => `${visible(field)}: ${showValue(one)}`);
  return `${named.join('; ')}${held.length > SHOWN ? `; and ${held.length - SHOWN} more` : ''}`;
}

/** What a later side changed of an earlier one, where both are whole records; else what it holds. */
export function changedText(before: unknown, now: unknown, whole: boolean): string {
  if (!whole || !isFields(before) || !isFields(now)) return sideText(now, whole);
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const moved = names.filter((name) => showValue(ownValue(before, name)) !== showValue(ownValue(now, name)));
  if (moved.length === 0) return 'the same';
  const words = moved.slice(0, SHOWN).map((name) => `${visible(name)}: ${showValue(ownValue(now, name))} (was ${showValue(ownValue(before, name))})`);
  return `${words.join('; ')}${moved.length > SHOWN ? `; and ${moved.length - SHOWN} more` : ''}`;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
