import { isRunbackError } from '../../lib/index.js';
import type { FieldType } from '../../records/index.js';
import { isNumberKey } from '../../restores/index.js';
import type { Catalog, RecordName } from '../../snapshots/index.js';
import type { TellingTexts } from './scrub.js';

/** Values of other types say nothing of one person, or stand in every journal. */
const TELLING: ReadonlySet<FieldType> = new Set(['string', 'integer', 'number', 'date', 'json', 'bytes', 'other']);
/** Shorter ones are words or numbers that stand anywhere. */
const LEAST_LETTERS = 5;
const LEAST_DIGITS = 6;

/**
 * The texts that tell of records wherever they stand: their values in `lines` of snapshots that no other record of the same
 * object type has, in any snapshot that can be read. Keys too, where they are more than a number.
 */
export async function tellingTexts(
  lines: readonly string[],
  records: readonly RecordName[],
  catalog: Catalog,
  signal?: AbortSignal,
): Promise<TellingTexts> {
  const values = new Set<string>();
  for (const { platform, object } of distinct(records)) {
    const keys = new Set(records.filter((one) => one.platform === platform && one.object === object).map(({ key }) => key));
    const held = lines.map((line) => JSON.parse(line) as SnapshotLine).filter(({ key }) => key !== undefined && keys.has(key));
    const candidates = new Map<string, Set<string>>();
    for (const { fields, meta } of held)
      for (const [name, value] of Object.entries({ ...fields, ...meta }))
        for (const text of textsOf(value)) candidates.set(text, (candidates.get(text) ?? new Set()).add(name));
    // Of a key of several columns, each may stand alone.
    for (const key of keys) for (const text of columnsOf(key)) candidates.set(text, new Set());
    const others = await commonOf(candidates, { platform, object, keys }, catalog, signal);
    for (const text of candidates.keys()) if (!others.has(text) && !keys.has(text)) values.add(text);
  }
  return { keys: records.map(({ key }) => key).filter((key) => !isNumberKey(key)), values: [...values] };
}

function columnsOf(key: string): readonly string[] {
  if (!key.startsWith('[')) return [];
  try {
    return textsOf(JSON.parse(key));
  } catch {
    return [];
  }
}

interface SnapshotLine {
  /** Of a record; a link has none. */
  readonly key?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'number') return textsOf(String(value));
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  if (typeof value !== 'string') return [];
  const text = value.trim();
  const isLong = /^[\p{L}]+$/u.test(text) ? text.length >= LEAST_LETTERS : text.length >= LEAST_DIGITS;
  // Small letters alone are a word of ours as well as anybody's.
  return isLong && !/^(?:[a-z_-]+|\d{4}-\d\d-\d\dT.*)$/u.test(text) ? [text] : [];
}

/** Those that other records have too, or that stand in fields that tell of nobody. */
async function commonOf(
  candidates: ReadonlyMap<string, ReadonlySet<string>>,
  { platform, object, keys }: { readonly platform: string; readonly object: string; readonly keys: ReadonlySet<string> },
  catalog: Catalog,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const common = new Set<string>();
  if (candidates.size === 0) return common;
  // Parts that several snapshots share are read once.
  const seen = new Set<string>();
  for (const summary of await catalog.list()) {
    if (!summary.objects.some((one) => one.platform === platform && one.object === object) || summary.encrypted === 'unreadable') continue;
    const reader = await catalog.open(summary.id);
    try {
      const schema = await reader.objectSchema(platform, object);
      // Keys of other records are no values of this one.
      const types = new Map(schema?.fields.map(({ name, type, viaLink }) => [name, viaLink === undefined ? type : 'enum']));
      for (const [text, names] of candidates)
        if (names.size > 0 && [...names].every((name) => types.has(name) && !TELLING.has(types.get(name) ?? 'string'))) common.add(text);
      const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
      for (const part of info?.parts ?? []) {
        if (info === undefined || seen.has(part.sha256)) continue;
        seen.add(part.sha256);
        const bytes = await reader.partBytes(info, part, signal).catch((error: unknown) => {
          if (!isRunbackError(error, 'snapshot-damaged')) throw error;
          return Buffer.alloc(0);
        });
        for (const line of bytes.toString('utf8').split('\n')) {
          if (line === '') continue;
          const { key, fields, meta } = JSON.parse(line) as SnapshotLine;
          if (key === undefined || keys.has(key)) continue;
          for (const value of Object.values({ ...fields, ...meta })) for (const text of textsOf(value)) if (candidates.has(text)) common.add(text);
        }
      }
    } finally {
      await reader.close();
    }
  }
  return common;
}

function distinct(records: readonly RecordName[]): readonly Pick<RecordName, 'platform' | 'object'>[] {
  return [...new Map(records.map((one) => [JSON.stringify([one.platform, one.object]), one])).values()];
}
