import type { Platform } from '../../connectors/index.js';
import type { CallOptions, Clock } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { Found, Reading } from './facts.js';

/** Where submissions arrive: an object type of a platform, and which of its fields hold the address and the mark. */
export interface Arrival {
  /** As it is named in the test: `crm/contacts`. */
  readonly name: string;
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  readonly address: string;
  /** Absent where the address marks the record. */
  readonly nonce?: string;
}

/** What a reading looks for: everything that begins with the mark of the run. */
export interface Sought {
  readonly mark: string;
}

/** A record of this run, as it stands. */
export interface OwnRecord extends Found {
  readonly record: PlatformRecord;
}

/** Every record of the object type is read; it throws where that cannot be done whole. */
export async function readWhole(arrival: Arrival, sought: Sought, clock: Clock, call: CallOptions): Promise<Reading> {
  return await read(arrival, sought, { clock, call, whole: true });
}

/** Records that were written since (by the platform's own clock): shows what has come, and proves nothing by what it lacks. */
export async function readRecent(arrival: Arrival, sought: Sought, changedSince: Date, clock: Clock, call: CallOptions): Promise<Reading> {
  return await read(arrival, sought, { clock, call, whole: false, changedSince });
}

/** All records of a run there are, by reading every record of the object type. */
export async function ownRecords({ platform, schema, ...fields }: Arrival, { mark }: Sought, call: CallOptions): Promise<readonly OwnRecord[]> {
  const own = new Map<string, OwnRecord>();
  for await (const { records } of platform.connector.read({ schema }, call))
    for (const record of records) {
      const found = foundIn(record, fields, mark);
      if (found !== undefined) own.set(record.key, { ...found, record });
    }
  return [...own.values()];
}

interface ReadOptions {
  readonly clock: Clock;
  readonly call: CallOptions;
  readonly whole: boolean;
  readonly changedSince?: Date;
}

async function read(arrival: Arrival, { mark }: Sought, { clock, call, whole, changedSince }: ReadOptions): Promise<Reading> {
  const { platform, schema } = arrival;
  const fromMs = clock.monotonicMs();
  const found = new Map<string, Found>();
  const request = { schema, ...(changedSince === undefined ? {} : { changedSince }) };
  for await (const { records } of platform.connector.read(request, call))
    for (const record of records) {
      const one = foundIn(record, arrival, mark);
      if (one !== undefined) found.set(one.key, one);
    }
  const past = platform.connector.capabilities.history === 'field';
  const seen = past ? await withPast(arrival, [...found.values()], mark, call) : [...found.values()];
  return { fromMs, toMs: clock.monotonicMs(), whole, past, found: seen };
}

/** What a record shows of a run; undefined where it bears neither an address nor a mark that begins with that of the run. */
export function foundIn(record: PlatformRecord, { address, nonce }: Pick<Arrival, 'address' | 'nonce'>, mark: string): Found | undefined {
  const person = textOf(record, address)?.trim().toLowerCase();
  const text = nonce === undefined ? undefined : textOf(record, nonce);
  const stands = text === undefined ? undefined : nonceIn(text, mark);
  if (!(person?.startsWith(mark) ?? false) && !(stands?.startsWith(mark) ?? false)) return undefined;
  return { key: record.key, person, nonces: stands === undefined ? [] : [stands] };
}

/**
 * The mark that a text holds, as it was sent; undefined where it holds none of this run. Platforms and automations write names in other letters,
 * with other spaces, or with a word before or after: whose it is can still be told.
 */
export function nonceIn(text: string, mark: string): string | undefined {
  return new RegExp(String.raw`${mark}-\d+x(?!\w)`, 'iu').exec(text)?.[0].toLowerCase();
}

/** Whether any text of a record holds an address or a mark of this run, in whatever field. */
export function mentions({ fields, meta }: PlatformRecord, mark: string): boolean {
  const sign = new RegExp(String.raw`${mark}-\d+(?:@|x(?!\w))`, 'iu');
  const isIn = (value: Value): boolean =>
    typeof value === 'string' ? sign.test(value) : Array.isArray(value) && value.some((one) => sign.test(one));
  return [...Object.values(fields), ...Object.values(meta)].some(isIn);
}

function textOf({ fields, meta }: PlatformRecord, name: string): string | undefined {
  const value: Value | undefined = Object.hasOwn(fields, name) ? fields[name] : meta[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** With what stood earlier in the field of the marks: of two submissions of one person the second writes over the first. */
async function withPast(
  { platform: { connector }, schema, nonce }: Arrival,
  found: readonly Found[],
  mark: string,
  call: CallOptions,
): Promise<readonly Found[]> {
  if (nonce === undefined) return found;
  const stood = new Map<string, Set<string>>(found.map(({ key, nonces }) => [key, new Set(nonces)]));
  const keys = [...stood.keys()];
  const size = connector.capabilities.batch.history;
  for (let at = 0; at < keys.length; at += size)
    for await (const { history } of connector.read({ schema, keys: keys.slice(at, at + size), history: [nonce], historyMayLack: true }, call))
      for (const [key, { fields }] of history ?? [])
        for (const { value } of fields[nonce] ?? []) {
          const stands = typeof value === 'string' ? nonceIn(value, mark) : undefined;
          if (stands !== undefined) stood.get(key)?.add(stands);
        }
  return found.map((one) => ({ ...one, nonces: [...(stood.get(one.key) ?? one.nonces)] }));
}
