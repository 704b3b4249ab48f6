import type { CallOptions } from '../../lib/index.js';
import {
  type FieldSchema,
  type ObjectSchema,
  parseRecordLine,
  type PlatformRecord,
  sameValue,
  type Value,
  valueIn,
  watchedFields,
} from '../../records/index.js';
import type { ObjectInfo, SnapshotReader } from '../../snapshots/index.js';
import type { Levels, ObjectLevels } from './types.js';

/** Fields of platforms that do not say so themselves, which hold true for people who have opted out. */
const OPT_OUT_NAME = /(^|_)(opt(ed)?_?out|unsubscribed?|do_not_(e?mail|call|contact))(_|$)/iu;
const TRUE: readonly Value[] = [true, 'true'];

/** What is looked at in the records of an object type. */
export class Fields {
  readonly #watched: readonly string[];
  /** By opt-out field: the values that mean that a person has opted out. */
  readonly optOuts: ReadonlyMap<string, readonly Value[]>;
  readonly types: Readonly<Record<string, string>>;

  constructor(schema: ObjectSchema | undefined) {
    const fields = schema?.fields ?? [];
    this.#watched = watchedFields(schema).map(({ name }) => name);
    this.optOuts = new Map(fields.flatMap((field) => optOutOf(field)));
    this.types = Object.fromEntries(
      fields.flatMap((field) => (field.readOnly && !this.#watched.includes(field.name) ? [] : [[field.name, field.platformType]])),
    );
  }

  /** Names in `meta` that are looked at too. */
  get alsoMeta(): readonly string[] {
    return this.#watched;
  }

  namesIn(record: PlatformRecord): readonly string[] {
    return [...Object.keys(record.fields), ...this.#watched];
  }

  isOut(name: string, value: Value | undefined): boolean {
    return this.optOuts.get(name)?.some((one) => sameValue(one, value)) === true;
  }
}

function optOutOf({ name, optedOut, type }: FieldSchema): readonly [string, readonly Value[]][] {
  if (optedOut !== undefined) return [[name, optedOut]];
  return type === 'boolean' && OPT_OUT_NAME.test(name) ? [[name, TRUE]] : [];
}

/** True where a field holds something: nothing, an empty text and an empty set are one. */
export function isFilled(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Name of an object type or kind of link of a platform. */
export const nameOf = ({ platform, object }: Pick<ObjectInfo, 'platform' | 'object'>): string => `${platform} ${object}`;

/** Counts everything in a snapshot: reads it once. Memory: a number for each field. */
export async function levelsIn(reader: SnapshotReader, options: CallOptions): Promise<Levels> {
  const objects: Record<string, ObjectLevels> = {};
  for (const info of reader.manifest.objects) objects[nameOf(info)] = await countObject(reader, info, options);
  return { objects, links: linkLevels(reader) };
}

/** How many links of each kind there are, without reading them. */
export function linkLevels({ manifest }: SnapshotReader): Levels['links'] {
  return Object.fromEntries(manifest.links.map((info) => [nameOf(info), info.rows]));
}

/** Counts one object type: reads all of it. */
export async function countObject(reader: SnapshotReader, info: ObjectInfo, options: CallOptions): Promise<ObjectLevels> {
  const fields = new Fields(await reader.objectSchema(info.platform, info.object));
  const [filled, out] = [new Map<string, number>(), new Map<string, number>()];
  for await (const lines of reader.lines(info, options))
    for (const line of lines) {
      const record = parseRecordLine(line);
      for (const name of fields.namesIn(record)) {
        const value = valueIn(record, name);
        if (isFilled(value)) filled.set(name, (filled.get(name) ?? 0) + 1);
        if (fields.isOut(name, value)) out.set(name, (out.get(name) ?? 0) + 1);
      }
    }
  return { rows: info.rows, filled: Object.fromEntries(filled), out: Object.fromEntries(out), types: fields.types };
}
