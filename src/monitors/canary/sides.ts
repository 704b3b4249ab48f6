import type { Connector, Platform } from '../../connectors/index.js';
import { type CallOptions, canonicalJson, defined, isRunbackError, messageOf, RunbackError, sha256 } from '../../lib/index.js';
import type { Fields, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { Canary, CanaryPlace } from './canary.js';
import type { Objection } from './fit.js';
import type { SeenRecord } from './safe.js';
import type { CanaryVerdict } from './verdict.js';

/** A platform as everything but the one write of a canary sees it. */
export type ReadOnly = Omit<Connector, 'write'>;

/** The object type of a place; undefined where there is none any longer. */
export async function schemaAt({ connector, name }: Platform, { object }: CanaryPlace, call: CallOptions): Promise<ObjectSchema | undefined> {
  try {
    return (await connector.describe([object], call)).objects.find((each) => each.object === object);
  } catch (error) {
    if (isRunbackError(error, 'object-unsupported')) return undefined;
    throw onPlatform(name, error);
  }
}

/** The same error, with the platform that it came from. */
export function onPlatform(platform: string, error: unknown): unknown {
  if (!isRunbackError(error)) return error;
  const { code, message, why, state, next, data } = error;
  return new RunbackError(code, message, { ...defined({ why, state, next }), data: { ...data, platform }, cause: error });
}

/** A record as it is now. */
export async function recordAt(
  connector: ReadOnly,
  schema: ObjectSchema,
  { platform, key }: CanaryPlace,
  call: CallOptions,
): Promise<PlatformRecord | undefined> {
  try {
    for await (const { records } of connector.read({ schema, keys: [key] }, call)) {
      const found = records.find((record) => record.key === key);
      if (found !== undefined) return found;
    }
    return undefined;
  } catch (error) {
    throw onPlatform(platform, error);
  }
}

/** A record with the lists that it is on, or why these cannot be read. */
export async function seenAt(connector: ReadOnly, schema: ObjectSchema, place: CanaryPlace, call: CallOptions): Promise<SeenRecord | Objection> {
  const record = await recordAt(connector, schema, place, call);
  if (record === undefined || connector.listsOf === undefined) return { record, lists: undefined };
  try {
    return { record, lists: await connector.listsOf(schema, place.key, call) };
  } catch (error) {
    if (!isRunbackError(error) || !['scope-missing', 'platform-incomplete', 'platform-rejected', 'platform-nonsense'].includes(error.code))
      throw onPlatform(place.platform, error);
    return { because: 'unreadable', why: `Whether ${place.platform}/${place.object} ${place.key} is on a list cannot be read: ${messageOf(error)}` };
  }
}

/** Everything of a record that a run may not change, by name. */
export function othersOf({ from, moves }: Pick<Canary, 'from' | 'moves'>, schema: ObjectSchema, { fields, meta }: PlatformRecord): Fields {
  const isLeftOut = (name: string): boolean => name === from.field || moves.includes(name);
  const consent = schema.fields.filter(({ optedOut, byHand, readOnly }) => readOnly && (optedOut !== undefined || byHand !== undefined));
  const held = consent.flatMap(({ name }): [string, Value][] => (meta[name] === undefined ? [] : [[name, meta[name]]]));
  return Object.fromEntries([...Object.entries(fields), ...held].filter(([name]) => !isLeftOut(name)));
}

export const digestOf = (value: Fields | Value | undefined): string => sha256(canonicalJson(value ?? null));

/** Names of the fields in which two differ. */
export function changedNames(before: Fields, after: Fields): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => digestOf(before[name]) !== digestOf(after[name])).sort();
}

/** What an error means for a run. Throws what is none of the platform's. */
export function meaningOf(
  error: unknown,
): { readonly verdict: CanaryVerdict } & Objection & { readonly correlationId?: string; readonly platform?: string } {
  if (!isRunbackError(error) || error.code === 'interrupted' || error.code === 'bug') throw error;
  const why = messageOf(error);
  const { correlationId, platform } = error.data;
  const told = { why, ...(typeof correlationId === 'string' && { correlationId }), ...(typeof platform === 'string' && { platform }) };
  switch (error.code) {
    case 'auth-missing':
    case 'auth-refused':
    case 'scope-missing':
    case 'secret-missing':
      return { verdict: 'unknown', because: 'authorization', ...told };
    case 'wrong-account':
    case 'wrong-environment':
      return { verdict: 'refused', because: 'other-account', ...told };
    case 'locked':
    case 'fenced':
      return { verdict: 'unknown', because: 'busy', ...told };
    default:
      return { verdict: 'unknown', because: 'unreachable', ...told };
  }
}
