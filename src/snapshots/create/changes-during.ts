import type { Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, defined, isRunbackError } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { ChangedRecord, SnapshotSet } from '../types.js';

/** Changed records that a manifest names; the rest is counted. */
const MOST_NAMED = 1000;
/** Changes of one record that are named. */
const MOST_FIELDS = 20;
/** Records of one object type that are looked at. */
const MOST_LOOKED_AT = 20_000;

/** A platform whose records were read, and when, by its own clock; undefined where it does not tell. */
export interface ReadPlatform {
  readonly platform: Platform;
  readonly objects: readonly ObjectSchema[];
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** What changed on several platforms while they were read. */
export type ChangesDuring = Pick<SnapshotSet, 'changes' | 'changed' | 'unknown'>;

/**
 * Asks platforms what was changed on them while they were read, and by whom: their history, as far as they keep one.
 * What cannot be told is in `unknown` with the reason, and costs nothing else. Throws the signal's reason only.
 */
export async function changesDuring(read: readonly ReadPlatform[], options: CallOptions): Promise<ChangesDuring> {
  const changes: ChangedRecord[] = [];
  const unknown: SnapshotSet['unknown'][number][] = [];
  let changed = 0;
  const found = (record: ChangedRecord): void => {
    changed += 1;
    if (changes.length < MOST_NAMED) changes.push(record);
  };
  for (const one of read)
    for (const schema of one.objects) {
      const why = await lookAt(one, schema, found, options);
      if (why !== undefined) unknown.push({ platform: one.platform.name, object: schema.object, why });
    }
  return { changes, changed, unknown };
}

/** Gives each record of an object type that was changed; returns why that is not all of them, where it is not. */
async function lookAt(
  { platform, from, to }: ReadPlatform,
  schema: ObjectSchema,
  found: (record: ChangedRecord) => void,
  options: CallOptions,
): Promise<string | undefined> {
  const { connector, name } = platform;
  const { history, batch } = connector.capabilities;
  if (history === 'none') return 'the platform keeps no history';
  if (from === undefined || to === undefined) return 'the platform does not tell its time';
  const fields = schema.fields.filter(({ readOnly }) => !readOnly).map((field) => field.name);
  let looked = 0;
  try {
    for await (const { records } of connector.read({ schema, changedSince: from }, options)) {
      looked += records.length;
      for (let n = 0; n < records.length; n += batch.history) {
        const keys = records.slice(n, n + batch.history).map(({ key }) => key);
        for await (const { history: told } of connector.read({ schema, keys, history: fields }, options))
          for (const [key, one] of told ?? []) {
            if (!isDated(one)) return 'the platform does not say when its records were changed';
            const what = changeOf(one, from, to, history === 'field');
            if (what !== undefined) found({ platform: name, object: schema.object, key, ...what });
          }
      }
      if (looked >= MOST_LOOKED_AT) return `more than ${String(MOST_LOOKED_AT)} records were changed since; the first of them were looked at`;
    }
    return undefined;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isRunbackError(error)) throw error;
    return error.message;
  }
}

/** A record of which nothing is dated cannot be said to be changed, nor the opposite. */
function isDated({ fields, created }: RecordHistory): boolean {
  const changes = Object.values(fields).flat();
  return changes.length === 0 || created?.at !== undefined || changes.some(({ at }) => at !== undefined);
}

/** What became of a record between two moments; undefined where nothing did. `byField`: its history tells them apart. */
function changeOf(history: RecordHistory, from: Date, to: Date, byField: boolean): Pick<ChangedRecord, 'created' | 'fields' | 'by'> | undefined {
  const isWithin = (at: string | undefined): boolean => at !== undefined && Date.parse(at) >= from.getTime() && Date.parse(at) <= to.getTime();
  const fields = Object.entries(history.fields).flatMap(([field, changes]) =>
    changes.filter(({ at, stood }) => stood !== true && isWithin(at)).map(({ at, writer }) => ({ field, ...defined({ at, writer }) })),
  );
  const created = isWithin(history.created?.at) ? (true as const) : undefined;
  if (fields.length === 0 && created === undefined) return undefined;
  const writers = [...fields.map(({ writer }) => writer), created === undefined ? undefined : history.created?.writer].filter(
    (writer) => writer !== undefined,
  );
  return {
    ...defined({ created }),
    by: [...new Set(writers)].sort(),
    ...(byField && fields.length > 0 ? { fields: fields.slice(0, MOST_FIELDS) } : {}),
  };
}
