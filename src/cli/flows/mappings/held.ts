import type { Held, FieldPlace } from '../../../mappings/index.js';
import { type ObjectSchema, parseRecordLine, type PlatformRecord, type Value, valueIn } from '../../../records/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { type ReadSchemas, toldUnlessInterrupted } from './schemas.js';

/** More different values than this are no options that anybody could pair. */
const MOST_VALUES = 5000;

/** How many records hold each value of some fields, by place. */
export type HeldByField = (platform: string, object: string, field: string) => Held | undefined;

export interface CountOptions {
  /** Fields whose values have to be known: read from the platform where no snapshot holds them. */
  readonly needed: readonly FieldPlace[];
  /** Fields that are counted where a snapshot holds them. */
  readonly useful: readonly FieldPlace[];
  /** Read the platform in any case. */
  readonly live: boolean;
}

/**
 * Counts the values that records hold: in the newest snapshot of each object type, else by a whole read of it, where that is
 * needed. Says of each where it was counted, or why nobody could. Writes nothing.
 */
export async function countHeld(context: CommandContext, session: Session, schemas: ReadSchemas, options: CountOptions): Promise<HeldByField> {
  const { needed, useful, live } = options;
  const counted = new Map<string, Held>();
  const objects = new Map([...useful, ...needed].map((place) => [`${place.platform}/${place.object}`, place]));
  for (const { platform, object } of objects.values()) {
    const of = (places: readonly FieldPlace[]): readonly string[] =>
      places.filter((place) => place.platform === platform && place.object === object).map(({ field }) => field);
    const fields = [...new Set([...of(useful), ...of(needed)])];
    const snapshot = live ? undefined : await newestWith(session, platform, object);
    if (snapshot === undefined && !live && of(needed).length === 0) continue;
    context.live.start(`Counting the values of ${platform}/${object}`);
    const tallies = new Map(fields.map((field) => [field, new Map<string, number>()]));
    const held = await tally(context, session, schemas, { platform, object, tallies, snapshot }).catch(toldUnlessInterrupted);
    for (const [field, counts] of tallies)
      counted.set(
        keyOf(platform, object, field),
        typeof held !== 'string'
          ? held
          : counts.size > MOST_VALUES
            ? { unreadable: `its records hold more than ${MOST_VALUES} different values` }
            : { counts, source: held },
      );
  }
  context.live.stop();
  return (platform, object, field) => counted.get(keyOf(platform, object, field));
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** The newest snapshot of a platform that holds an object type; what was made from a file is none. */
async function newestWith(session: Session, platform: string, object: string): Promise<SnapshotSummary | undefined> {
  const all = await (await session.catalog()).list();
  return all.find(({ imported, objects }) => imported === undefined && objects.some((one) => one.platform === platform && one.object === object));
}

interface Tally {
  readonly platform: string;
  readonly object: string;
  readonly tallies: ReadonlyMap<string, Map<string, number>>;
  readonly snapshot: SnapshotSummary | undefined;
}

/** Fills the tallies, and says from where. */
async function tally(
  { call }: CommandContext,
  session: Session,
  schemas: ReadSchemas,
  { platform, object, tallies, snapshot }: Tally,
): Promise<string> {
  const add = (record: PlatformRecord): void => {
    for (const [field, counts] of tallies)
      for (const value of valuesOf(valueIn(record, field))) if (counts.size <= MOST_VALUES) counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  if (snapshot !== undefined) {
    const reader = await (await session.catalog()).open(snapshot.id);
    try {
      const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
      if (info !== undefined)
        for await (const lines of reader.lines(info, { signal: call.signal })) for (const line of lines) add(parseRecordLine(line));
    } finally {
      await reader.close();
    }
    return `snapshot ${snapshot.id} of ${snapshot.startedAt.slice(0, 10)}`;
  }
  const [read, opened] = [schemas.schemaOf(platform, object), schemas.platformOf(platform)];
  if (!('schema' in read) || opened === undefined) return 'nothing';
  for await (const { records } of opened.connector.read({ schema: only(read.schema, tallies) }, call)) for (const record of records) add(record);
  return `a read of ${platform}/${object}`;
}

/** Only the fields that are counted, and those of the key. */
function only(schema: ObjectSchema, tallies: ReadonlyMap<string, unknown>): ObjectSchema {
  return { ...schema, fields: schema.fields.filter(({ name }) => tallies.has(name) || schema.keyFields.includes(name)) };
}

function valuesOf(value: Value | undefined): readonly string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return (value as readonly Value[]).map(String);
  return typeof value === 'object' ? [] : [String(value)];
}
