import type { Platform } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import { type ObjectSchema, ownValue, parseRecordLine } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { historiesOf } from '../reading/history.js';
import type { Group, Member } from '../types.js';
import { isValue, membersAt } from './fits.js';
import type { FoundStart, KeptStart, StartCell } from './types.js';

/** Changes of a record that are kept with their values. */
const CHANGES = 20;

/** Where the changes at a starting point are, and what else is to be said where there are none. */
interface Around {
  readonly groups: readonly Group[];
  readonly platform: Platform;
  /** The present state. */
  readonly now: SnapshotReader;
  readonly schemas: readonly ObjectSchema[];
}

/** What was found where a person started. Asks the platform only where the record that was given did not change. */
export async function keptStart(start: FoundStart, around: Around, options: CallOptions): Promise<KeptStart> {
  const { record, field, value, atMs, sinceMs } = start;
  const created = await createdWith(start, around);
  const found = around.groups
    .map((group, i) => ({ n: i + 1, members: [...membersAt(start, group), ...(created.get(group) ?? [])] }))
    .filter(({ members }) => members.length > 0);
  const isNothing = found.length === 0;
  const changes = found.flatMap(({ n, members }) =>
    members.map(({ object, key, field: name, before, after, atMs: at }): StartCell => ({
      object,
      key,
      ...defined({ field: name === '' ? undefined : name, before, after, at: isoOf(at) }),
      group: n,
    })),
  );
  return {
    ...defined({ record, field: field?.name, value: isNothing ? undefined : value, at: isoOf(atMs), since: isoOf(sinceMs) }),
    groups: found.map(({ n }) => n),
    cells: changes.length,
    changes: record === undefined ? [] : changes.slice(0, CHANGES),
    ...defined({
      last: isNothing && record !== undefined ? await lastWrite(record, around, options) : undefined,
      standing: isNothing && value !== undefined ? await standing(value, start, around) : undefined,
    }),
  };
}

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Who wrote a record last, whatever the field; undefined where no history tells. */
async function lastWrite(
  { object, key }: NonNullable<FoundStart['record']>,
  { platform, schemas }: Around,
  options: CallOptions,
): Promise<KeptStart['last']> {
  const schema = schemas.find((one) => one.object === object);
  if (schema === undefined || platform.connector.capabilities.history !== 'field') return undefined;
  const fields = schema.fields.filter(({ setByItself, readOnly }) => setByItself !== true && !readOnly).map(({ name }) => name);
  const told = (await historiesOf(platform, schema, [key], fields, options)).get(key);
  const writes = Object.entries(told?.fields ?? {}).flatMap(([field, [newest]]) =>
    newest?.at === undefined ? [] : [{ field, at: newest.at, ...defined({ writer: newest.writer }) }],
  );
  return writes.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
}

/** Of groups of created records those that hold the value that was given: what they were made with is no change of a field. */
async function createdWith({ value, field, ...start }: FoundStart, around: Around): Promise<ReadonlyMap<Group, readonly Member[]>> {
  const found = new Map<Group, readonly Member[]>();
  const created = around.groups.filter(({ label }) => label === 'created');
  if (value === undefined || value.trim() === '' || created.length === 0) return found;
  const holding = new Set<string>();
  for await (const { object, key } of eachStanding(value, { ...start, ...defined({ field }) }, around)) holding.add(JSON.stringify([object, key]));
  for (const group of created)
    found.set(
      group,
      membersAt(start, group).filter(({ object, key }) => holding.has(JSON.stringify([object, key]))),
    );
  return found;
}

/** How many values are now what was typed, of the fields and the record that were given. */
async function standing(value: string, start: FoundStart, around: Around): Promise<number> {
  let count = 0;
  for await (const { values } of eachStanding(value, start, around)) count += values;
  return count;
}

/** Records that hold now what was typed, in the fields and of the record that were given; `values`: in how many fields. */
async function* eachStanding(
  value: string,
  { record, field }: FoundStart,
  { platform, now, schemas }: Around,
): AsyncIterable<{ readonly object: string; readonly key: string; readonly values: number }> {
  for (const { object, fields } of schemas) {
    if ((record !== undefined && record.object !== object) || (field !== undefined && !field.objects.has(object))) continue;
    const names = field === undefined ? fields.map(({ name }) => name) : [field.name];
    const info = now.manifest.objects.find((one) => one.platform === platform.name && one.object === object);
    if (info === undefined) continue;
    for await (const lines of now.lines(info, { onDamage: () => undefined }))
      for (const line of lines) {
        const one = parseRecordLine(line);
        if (record !== undefined && one.key !== record.key) continue;
        const values = names.filter((name) => isValue(value, ownValue(one.fields, name))).length;
        if (values > 0) yield { object, key: one.key, values };
      }
  }
}
