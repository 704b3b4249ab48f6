import type { Connector, Platform } from '../../connectors/index.js';
import { type CallOptions, canonicalJson, isRunbackError, messageOf, sha256 } from '../../lib/index.js';
import type { Fields, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { Canary, CanaryPlace } from './canary.js';
import type { Objection } from './fit.js';
import type { SeenRecord } from './safe.js';
import type { CanaryVerdict } from './verdict.js';

/** A platform as everything but the one write of a canary sees it. */
export type ReadOnly = Omit<Connector, 'write'>;

/** The object type of a place; undefined where there is none any longer. */
export async function schemaAt({ connector }: Platform, { object }: CanaryPlace, call: CallOptions): Promise<ObjectSchema | undefined> {
  try {
    return (await connector.describe([object], call)).objects.find((each) => each.object === object);
  } catch (error) {
    if (isRunbackError(error, 'object-unsupported')) return undefined;
    throw error;
  }
}

/** A record as it is now. */
export async function recordAt(connector: ReadOnly, schema: ObjectSchema, key: string, call: CallOptions): Promise<PlatformRecord | undefined> {
  for await (const { records } of connector.read({ schema, keys: [key] }, call)) {
    const found = records.find((record) => record.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A record with the lists that it is on, or why these cannot be read. */
export async function seenAt(connector: ReadOnly, schema: ObjectSchema, place: CanaryPlace, call: CallOptions): Promise<SeenRecord | Objection> {
  const record = await recordAt(connector, schema, place.key, call);
  if (record === undefined || connector.listsOf === undefined) return { record, lists: undefined };
  try {
    return { record, lists: await connector.listsOf(schema, place.key, call) };
  } catch (error) {
    if (!isRunbackError(error) || !['scope-missing', 'platform-incomplete', 'platform-rejected', 'platform-nonsense'].includes(error.code))
      throw error;
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
export function meaningOf(error: unknown): { readonly verdict: CanaryVerdict } & Objection & { readonly correlationId?: string } {
  if (!isRunbackError(error) || error.code === 'interrupted' || error.code === 'bug') throw error;
  const why = messageOf(error);
  const { correlationId } = error.data;
  const told = { why, ...(typeof correlationId === 'string' && { correlationId }) };
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
      return { verdict: 'unknown', because: 'busy', ...told };
    default:
      return { verdict: 'unknown', because: 'unreachable', ...told };
  }
}
