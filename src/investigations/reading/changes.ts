import type { CallOptions } from '../../lib/index.js';
import {
  namesOf,
  ownValue,
  parseRecordLine,
  sameForm,
  sameValue,
  valueIn,
  watchedFields,
  type ObjectSchema,
  type PlatformRecord,
} from '../../records/index.js';
import { compareObjects, type Damage, type SnapshotReader } from '../../snapshots/index.js';
import { isEmpty } from '../labels/values.js';
import type { Appeared, Cell } from '../types.js';

/** Fields of one record that differ between two snapshots. */
export interface ChangedRecord {
  readonly key: string;
  readonly cells: readonly { readonly field: string; readonly before: Cell; readonly after: Cell; readonly movedFrom?: string }[];
}

/** A record that only one of two snapshots has, with what it is known by. */
export type AppearedRecord = Appeared & { readonly name?: string };

export interface ChangesOf {
  readonly changed: readonly ChangedRecord[];
  readonly appeared: readonly AppearedRecord[];
}

/** All that differs in one object type between two snapshots, as {@link changesIn} gives it. */
export async function changesOf(...what: Parameters<typeof changesIn>): Promise<ChangesOf> {
  const changed: ChangedRecord[] = [];
  const appeared: AppearedRecord[] = [];
  for await (const batch of changesIn(...what)) {
    for (const one of batch.changed) changed.push(one);
    for (const one of batch.appeared) appeared.push(one);
  }
  return { changed, appeared };
}

/**
 * What differs in one object type between two snapshots, by field, in batches; what the platform sets on every write and
 * what only repeats a link is left out. `onDamage` hears of parts that cannot be read.
 */
export async function* changesIn(
  [a, b]: readonly [SnapshotReader, SnapshotReader],
  platform: string,
  schema: ObjectSchema,
  spell: number,
  onDamage: (damage: Damage) => void,
  options: CallOptions,
): AsyncIterable<ChangesOf> {
  const { object } = schema;
  const watched = watchedFields(schema).map(({ name }) => name);
  const left = new Set(schema.fields.filter(({ setByItself, viaLink }) => setByItself === true || viaLink !== undefined).map(({ name }) => name));
  const forms = new Map(schema.fields.map((field) => [field.name, field]));
  for await (const batch of compareObjects(a, b, platform, object, { ...options, alsoMeta: watched, onDamage: (_, damage) => onDamage(damage) })) {
    const changed: ChangedRecord[] = [];
    const appeared: AppearedRecord[] = [];
    for (const { key, a: line, b: other } of batch) {
      const [before, after] = [line, other].map((text) => (text === undefined ? undefined : parseRecordLine(text)));
      if (before === undefined || after === undefined) {
        const record = before ?? after;
        const name = record === undefined ? undefined : identityOf(record);
        appeared.push({ change: before === undefined ? 'created' : 'deleted', object, key, spell, ...(name === undefined ? {} : { name }) });
        continue;
      }
      const cells = [...new Set([...Object.keys(before.fields), ...Object.keys(after.fields), ...watched])]
        .filter((field) => !left.has(field) && !isSame(valueIn(before, field), valueIn(after, field), forms.get(field)))
        .map((field) => cellOf(before, after, field));
      if (cells.length > 0) changed.push({ key, cells });
    }
    yield { changed, appeared };
  }
}

/** Whether two values of a field are the same, in whatever form. */
export function isSame(a: Cell, b: Cell, field: ObjectSchema['fields'][number] | undefined): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (a === undefined || b === undefined) return false;
  return sameValue(a, b) || (field !== undefined && sameForm(a, b, [field]));
}

function cellOf(before: PlatformRecord, after: PlatformRecord, field: string): ChangedRecord['cells'][number] {
  const [old, now] = [valueIn(before, field), valueIn(after, field)];
  const from = typeof now === 'string' && now.length > 2 ? movedFrom(before, field, now, old) : undefined;
  return { field, before: old, after: now, ...(from === undefined ? {} : { movedFrom: from }) };
}

function movedFrom({ fields }: PlatformRecord, field: string, now: string, old: Cell): string | undefined {
  return Object.keys(fields).find((other) => other !== field && ownValue(fields, other) === now && ownValue(fields, other) !== old);
}

/** What two records of one person or company have in common; undefined where nothing names them. */
export function identityOf({ fields }: PlatformRecord): string | undefined {
  const { name } = namesOf(fields);
  if (name === undefined) return undefined;
  const phone = ['phone', 'mobilephone', 'phone_number', 'domain', 'website']
    .map((field) => ownValue(fields, field))
    .find((value) => !isEmpty(value));
  return `${name.toLowerCase()} ${typeof phone === 'string' ? phone : ''}`;
}
