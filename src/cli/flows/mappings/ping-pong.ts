import type { Platform } from '../../../connectors/index.js';
import { chunksOf } from '../../../lib/index.js';
import { type HistoryEntry, type Mapping, pingPongOf, type PingPong } from '../../../mappings/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { type ReadSchemas, readSchemas, toldUnlessInterrupted } from './schemas.js';

/** A field whose values go to and fro on some records. */
export interface PingPongField {
  readonly platform: string;
  readonly object: string;
  readonly field: string;
  readonly mappings: readonly string[];
  readonly records: number;
  /** Keys of some of them, the worst first. */
  readonly examples: readonly { readonly key: string; readonly returns: number; readonly at: string }[];
  /** Pairs of writers, the one with most records first, as the platform names them. */
  readonly writers: readonly { readonly writers: readonly [string, string]; readonly records: number }[];
}

/** What was looked at of one object type, or why nothing could be. */
export type LookedAt =
  | {
      readonly platform: string;
      readonly object: string;
      readonly records: number;
      readonly fields: number;
      readonly more: boolean;
      /** Fields of which no history came, of any record: nothing is known of them. */
      readonly silent: readonly string[];
      readonly found: readonly PingPongField[];
    }
  | { readonly platform: string; readonly object: string; readonly untold: string };

export interface LookOptions {
  readonly since: Date;
  /** Most records of each object type. */
  readonly most: number;
}

/**
 * Looks in the field history of every object type that mappings name for values that go to and fro between two writers.
 * Reads only; a side that keeps no history of fields is told.
 */
export async function lookForPingPong(
  context: CommandContext,
  session: Session,
  mappings: readonly Mapping[],
  options: LookOptions,
): Promise<readonly LookedAt[]> {
  const schemas = await readSchemas(context, session, mappings);
  const places = new Map<string, { readonly platform: string; readonly object: string; readonly fields: Map<string, string[]> }>();
  for (const mapping of mappings)
    for (const [side, { platform, object }] of mapping.sides.entries()) {
      const key = `${platform}/${object}`;
      const place = places.get(key) ?? { platform, object, fields: new Map<string, string[]>() };
      places.set(key, place);
      for (const { names } of mapping.fields) {
        const name = names[side] ?? '';
        place.fields.set(name, [...(place.fields.get(name) ?? []), mapping.id]);
      }
    }
  const looked: LookedAt[] = [];
  for (const { platform, object, fields } of places.values()) {
    context.live.start(`Reading the history of ${platform}/${object}`);
    looked.push(await lookAt(context, schemas, { platform, object, fields }, options));
  }
  context.live.stop();
  return looked;
}

interface Place {
  readonly platform: string;
  readonly object: string;
  /** By field, the mappings that name it. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

async function lookAt({ call }: CommandContext, schemas: ReadSchemas, { platform, object, fields }: Place, options: LookOptions): Promise<LookedAt> {
  const [read, opened] = [schemas.schemaOf(platform, object), schemas.platformOf(platform)];
  if (!('schema' in read) || opened === undefined)
    return { platform, object, untold: 'unreadable' in read ? read.unreadable : 'there is no such object type' };
  if (opened.connector.capabilities.history !== 'field') return { platform, object, untold: 'it keeps no history of fields' };
  const wanted = read.schema.fields.filter(({ name }) => fields.has(name)).map(({ name }) => name);
  try {
    const { keys, more } = await keysSince(opened, read.schema, options, call);
    const { found, silent } = await readHistories(opened, read.schema, { keys, wanted, since: options.since }, call);
    const told = [...found].map(([field, records]) => fieldOf({ platform, object, field, mappings: fields.get(field) ?? [] }, records));
    return { platform, object, records: keys.length, fields: wanted.length, more, silent, found: told.sort((a, b) => b.records - a.records) };
  } catch (error) {
    return { platform, object, untold: toldUnlessInterrupted(error).unreadable };
  }
}

interface Histories {
  /** By field and record. */
  readonly found: ReadonlyMap<string, ReadonlyMap<string, PingPong>>;
  readonly silent: readonly string[];
}

async function readHistories(
  { connector }: Platform,
  schema: ObjectSchema,
  { keys, wanted, since: from }: { readonly keys: readonly string[]; readonly wanted: readonly string[]; readonly since: Date },
  call: CommandContext['call'],
): Promise<Histories> {
  const found = new Map<string, Map<string, PingPong>>();
  const silent = new Set(wanted);
  for (const batch of chunksOf(keys, connector.capabilities.batch.history))
    for await (const { history } of connector.read({ schema, keys: batch, history: wanted, historyMayLack: true }, call))
      for (const [key, { fields, merged }] of history ?? [])
        for (const name of wanted) {
          const entries = fields[name] ?? [];
          if (entries.length > 0) silent.delete(name);
          const pingPong = merged === undefined ? pingPongOf(since(entries, from)) : undefined;
          if (pingPong !== undefined) found.set(name, (found.get(name) ?? new Map<string, PingPong>()).set(key, pingPong));
        }
  return { found, silent: keys.length === 0 ? [] : [...silent] };
}

/** Keys of records that were written since; where the platform cannot tell, of those that it gives first. */
async function keysSince(
  { connector }: Platform,
  schema: ObjectSchema,
  { since: from, most }: LookOptions,
  call: CommandContext['call'],
): Promise<{ readonly keys: readonly string[]; readonly more: boolean }> {
  const keys = new Set<string>();
  if (connector.writtenSince !== undefined) {
    for await (const batch of connector.writtenSince({ schema, since: from, only: 'keys' }, call)) {
      if ('keys' in batch) for (const key of batch.keys) keys.add(key);
      if (keys.size > most) break;
    }
  } else
    for await (const { records } of connector.read(
      { schema: { ...schema, fields: schema.fields.filter(({ name }) => schema.keyFields.includes(name)) }, changedSince: from },
      call,
    )) {
      for (const { key } of records) keys.add(key);
      if (keys.size > most) break;
    }
  return { keys: [...keys].slice(0, most), more: keys.size > most };
}

const since = (entries: readonly HistoryEntry[], from: Date): readonly HistoryEntry[] =>
  entries.filter(({ at }) => at === undefined || Date.parse(at) >= from.getTime());

/** Most records that are named. */
const MOST_EXAMPLES = 5;

function fieldOf(place: Pick<PingPongField, 'platform' | 'object' | 'field' | 'mappings'>, records: ReadonlyMap<string, PingPong>): PingPongField {
  const byWriters = new Map<string, { readonly writers: readonly [string, string]; records: number }>();
  for (const { writers } of records.values()) {
    const [one, other] = writers;
    const sorted = one < other ? ([one, other] as const) : ([other, one] as const);
    const known = byWriters.get(sorted.join('\n')) ?? { writers: sorted, records: 0 };
    byWriters.set(sorted.join('\n'), { ...known, records: known.records + 1 });
  }
  return {
    ...place,
    records: records.size,
    examples: [...records]
      .sort(([, a], [, b]) => b.returns - a.returns)
      .slice(0, MOST_EXAMPLES)
      .map(([key, { returns, at }]) => ({ key, returns, at })),
    writers: [...byWriters.values()].sort((a, b) => b.records - a.records),
  };
}
