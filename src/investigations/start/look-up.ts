import { defined, didYouMean, RunbackError } from '../../lib/index.js';
import { namesOf, type ObjectSchema, parseRecordLine } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import type { FoundStart, Start } from './types.js';

const STATE = 'Nothing was compared.';

/**
 * Looks up where a person starts, in the two snapshots that are compared. Throws `not-found` for a record or field that
 * neither has, `usage` for a key of several object types.
 */
export async function lookUp(
  { record, field, value, atMs, sinceMs }: Start,
  readers: readonly SnapshotReader[],
  platform: string,
  schemas: readonly ObjectSchema[],
): Promise<FoundStart> {
  return defined({
    record: record === undefined ? undefined : await recordAt(record, readers, platform, schemas),
    field: field === undefined ? undefined : fieldAt(field, schemas),
    value,
    atMs,
    sinceMs,
  });
}

type FoundRecord = NonNullable<FoundStart['record']>;

async function recordAt(
  wanted: string,
  readers: readonly SnapshotReader[],
  platform: string,
  schemas: readonly ObjectSchema[],
): Promise<FoundRecord> {
  const found: FoundRecord[] = [];
  for (const [object, key] of readingsOf(wanted, schemas)) {
    const one = await recordIn(readers, platform, object, key);
    if (one !== undefined) found.push(one);
  }
  const [first, ...others] = found;
  const objects = schemas.map(({ object }) => object).join(', ');
  if (first === undefined)
    throw new RunbackError('not-found', `No record ${wanted} is in the two snapshots that are compared`, {
      why: `It was looked for among ${objects}, by its id on the platform.`,
      state: STATE,
      next: `runback snapshot cat latest ${schemas[0]?.object ?? 'contacts'} ID`,
    });
  if (others.length > 0)
    throw new RunbackError('usage', `${wanted} is a record of ${found.map(({ object }) => object).join(' and of ')}`, {
      state: STATE,
      next: `runback investigate --platform ${platform} --record ${first.object}:${first.key}`,
    });
  return first;
}

/** What a text can mean: a key of any object type, or `object:key`. A key may hold a colon, too. */
function readingsOf(wanted: string, schemas: readonly ObjectSchema[]): readonly (readonly [object: string, key: string])[] {
  return schemas.flatMap(({ object }) => [
    ...(wanted.startsWith(`${object}:`) ? [[object, wanted.slice(object.length + 1)] as const] : []),
    [object, wanted] as const,
  ]);
}

async function recordIn(readers: readonly SnapshotReader[], platform: string, object: string, key: string): Promise<FoundRecord | undefined> {
  for (const reader of [...readers].reverse()) {
    const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
    const line = info && (await reader.line(info, key));
    if (line === undefined) continue;
    const { name, address } = namesOf(parseRecordLine(line).fields);
    return { object, key, ...defined({ name: name ?? address }) };
  }
  return undefined;
}

function fieldAt(wanted: string, schemas: readonly ObjectSchema[]): NonNullable<FoundStart['field']> {
  for (const { object, fields } of schemas) {
    const name = wanted.startsWith(`${object}.`) ? wanted.slice(object.length + 1) : undefined;
    if (name !== undefined && fields.some((field) => field.name === name)) return { name, objects: new Set([object]) };
  }
  const having = schemas.filter(({ fields }) => fields.some(({ name }) => name === wanted));
  if (having.length > 0) return { name: wanted, objects: new Set(having.map(({ object }) => object)) };
  const known = new Set(schemas.flatMap(({ object, fields }) => fields.flatMap(({ name }) => [name, `${object}.${name}`])));
  throw new RunbackError('not-found', `There is no field "${wanted}"${didYouMean(wanted, known)}`, {
    why: `It was looked for in ${schemas.map(({ object }) => object).join(', ')}.`,
    state: STATE,
    next: 'Give its name as the platform has it: --field phone, or --field contacts.phone',
  });
}
