import type { LineBatch, Platform } from '../../connectors/index.js';
import { type CallOptions, canonicalJson, type Clock, type Reporter, silentReporter } from '../../lib/index.js';
import { recordLine, type ObjectSchema } from '../../records/index.js';
import { packLines } from '../lines/line-batches.js';
import { keyAt, NEWLINE } from '../lines/lines.js';
import { mergeRuns, type SortedRun } from '../lines/merge.js';
import type { AskedSince, ObjectInfo, SnapshotReader } from '../types.js';

/** Beyond this share of the records, reading everything costs hardly more. */
const MOST_CHANGED = 0.2;
const FEW = 1000;

/** All records of an object type, of which the platform gave those that may have changed. */
export interface Changed {
  /** In the order of their keys. */
  readonly lines: AsyncIterable<LineBatch>;
  readonly asked: AskedSince;
}

/** What it takes to read only what has changed. */
export interface ChangedSource {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  /** The earlier snapshot, and the object type in it, which lies by the bytes of its keys. */
  readonly base: SnapshotReader;
  readonly before: ObjectInfo;
  readonly readAllAfterMs: number;
  readonly clock: Clock;
  /** The lines of that object type, part by part. */
  readonly linesBefore: () => AsyncGenerator<Buffer>;
  /** Sorts lines that come in any order, and keeps of each key the last. */
  readonly sort: (lines: AsyncIterable<LineBatch>) => AsyncGenerator<LineBatch>;
}

/**
 * What an object type holds now, made of an earlier snapshot and of what the platform says has changed since. Undefined
 * where everything has to be read: the platform cannot tell, what it tells is not all of it, its description has
 * changed, the earlier snapshot did not prove to be whole, or everything was read too long ago.
 */
export async function readChanged(source: ChangedSource, options: CallOptions): Promise<Changed | undefined> {
  const { platform, schema, before, linesBefore } = source;
  const { connector } = platform;
  const asked = await askedOf(source, options.reporter ?? silentReporter);
  if (asked === undefined || connector.readChanges === undefined) return undefined;
  const request = { schema, since: new Date(asked.moment), known: keysOf(linesBefore()), most: Math.max(FEW, MOST_CHANGED * before.rows) };
  const gone = new Set<string>();
  let unclear: string | undefined;
  const changed = source.sort(
    (async function* given() {
      for await (const batch of connector.readChanges?.(request, options) ?? []) {
        if ('changed' in batch) yield* packLines(batch.changed.map(recordLine));
        else if ('gone' in batch) for (const key of batch.gone) gone.add(key);
        else unclear = batch.unclear;
      }
    })(),
  );
  // With the first of the sorted ones all have been read.
  const first = await changed.next();
  if (unclear !== undefined) {
    await changed.return(undefined);
    (options.reporter ?? silentReporter).note(`All ${schema.object} of ${platform.name} are read: ${unclear}`);
    return undefined;
  }
  const runs = [linesBefore(), runOf(first, changed)].map((run) => without(run, gone));
  return { lines: mergeRuns(runs, { lines: { kind: 'records', order: 'text' }, onDuplicate: () => {}, signal: options.signal }), asked };
}

async function askedOf(
  { platform, schema, base, before, readAllAfterMs, clock }: ChangedSource,
  reporter: Reporter,
): Promise<AskedSince | undefined> {
  const { manifest } = base;
  const moment = manifest.moments?.find((one) => one.platform === platform.name)?.startedAt;
  const allReadAt = before.askedSince?.allReadAt ?? manifest.header.startedAt;
  const age = clock.now().getTime() - Date.parse(allReadAt);
  // A clock that was ahead when the earlier snapshot was taken would hide what was changed until then.
  const now = platform.connector.now?.()?.getTime() ?? Number.NaN;
  if (moment === undefined || !(Date.parse(moment) <= now) || !before.census || !(age >= 0 && age < readAllAfterMs)) return undefined;
  const { objects } = await base.schema(platform.name);
  const described = objects.find(({ object }) => object === schema.object);
  if (described !== undefined && canonicalJson(described) === canonicalJson(schema)) return { snapshot: manifest.id, moment, allReadAt };
  reporter.note(`All ${schema.object} of ${platform.name} are read: its fields, or what is told of them, have changed`);
  return undefined;
}

async function* keysOf(parts: AsyncGenerator<Buffer>): AsyncGenerator<readonly string[]> {
  for await (const bytes of parts) {
    const keys: string[] = [];
    for (let at = 0; at < bytes.length; at = bytes.indexOf(NEWLINE, at) + 1 || bytes.length) keys.push(keyAt('records', bytes, at, bytes.length));
    yield keys;
  }
}

async function* runOf(first: IteratorResult<LineBatch, unknown>, rest: AsyncGenerator<LineBatch>): SortedRun {
  if (first.done === true) return;
  yield first.value.bytes;
  for await (const { bytes } of rest) yield bytes;
}

/** The lines of a run but for those of some keys. */
async function* without(run: SortedRun, keys: ReadonlySet<string>): SortedRun {
  for await (const bytes of run) {
    if (keys.size === 0) {
      yield bytes;
      continue;
    }
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, at) + 1 || bytes.length;
      if (keys.has(keyAt('records', bytes, at, end))) {
        if (at > from) yield bytes.subarray(from, at);
        from = end;
      }
      at = end;
    }
    if (bytes.length > from) yield bytes.subarray(from);
  }
}
