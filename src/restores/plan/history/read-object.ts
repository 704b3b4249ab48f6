import type { Connector } from '../../../connectors/index.js';
import { chunksOf, defined, inOrder, silentReporter, type CallOptions } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { readLive } from '../objects/live.js';
import { deletedFindings } from './deleted.js';
import { findingOf, type Finding, type Look } from './finding.js';
import type { Chunk, Gathered, Reading } from './reading.js';

/** Reads that run at once, so that waiting for answers does not keep the rate limit from being reached. */
const READS_AT_ONCE = 4;
/** Records whose findings are kept together: what a process that dies has to read again. */
const KEPT_TOGETHER = 1000;

/**
 * Reads the history of all records of an object type that may have been written since the window began, and keeps what
 * it says. What an earlier process has read is not read again. `n`: the place of the object type among those of the
 * plan.
 */
export async function readObject(look: Look, reading: Reading, n: number, since: Date, options: CallOptions): Promise<void> {
  const { object } = look.schema;
  const reporter = options.reporter ?? silentReporter;
  if (reading.gathered(object) === undefined) await gather(look, reading, n, since, options);
  const keys = await reading.keys(n);
  const done = new Set<string>();
  for await (const chunk of reading.chunks(n)) for (const key of chunk.keys) done.add(key);
  if (done.size > 0) reporter.note(`Continuing: the history of ${done.size} of ${keys.length} ${object} was read before.`);
  const open = done.size === 0 ? keys : keys.filter((key) => !done.has(key));
  let read = done.size;
  let pending = nothing();
  for await (const chunk of readHistory(look, open, options)) {
    pending.keys.push(...chunk.keys);
    pending.absent.push(...chunk.absent);
    pending.findings.push(...chunk.findings);
    read += chunk.keys.length;
    reporter.progress({ task: `Reading the history of ${object}`, done: read, total: keys.length, unit: 'records' });
    if (pending.keys.length < KEPT_TOGETHER) continue;
    await reading.keep(n, pending);
    pending = nothing();
  }
  if (pending.keys.length > 0) await reading.keep(n, pending);
}

const nothing = (): { readonly keys: string[]; readonly absent: string[]; readonly findings: Finding[] } => ({ keys: [], absent: [], findings: [] });

async function gather(
  { context: { platform, filters }, schema }: Look,
  reading: Reading,
  n: number,
  since: Date,
  options: CallOptions,
): Promise<void> {
  const { connector } = platform;
  const wanted = filters.keys === undefined ? undefined : [...new Set(filters.keys)];
  const keys: string[] = [];
  let known: Gathered = { of: 0 };
  for await (const batch of written(connector, schema, since, wanted === undefined ? undefined : 'total', options)) {
    if ('keys' in batch) for (const key of batch.keys) keys.push(key);
    else if ('gone' in batch) for (const key of batch.gone) keys.push(key);
    else if ('total' in batch) known = { ...known, of: batch.total };
    else known = { ...known, ...batch };
    (options.reporter ?? silentReporter).progress({ task: `Finding changed ${schema.object}`, done: keys.length, unit: 'records' });
  }
  const readFrom = connector.now?.()?.toISOString();
  await reading.gather(n, schema.object, wanted ?? keys, { ...known, ...defined({ readFrom }) });
}

/**
 * Keys of records of which what was read may be older than they are. The list of keys is made before any history is read,
 * which can take minutes: a record that was written in that time and is in the list was read as it is now.
 */
export async function staleKeys(look: Look, reading: Reading, listed: ReadonlySet<string>, options: CallOptions): Promise<ReadonlySet<string>> {
  const since = await writtenSince(look, reading.startedAt, options);
  const readFrom = reading.gathered(look.schema.object)?.readFrom;
  if (readFrom === undefined || ![...since].some((key) => listed.has(key))) return since;
  const newer = await writtenSince(look, new Date(readFrom), options);
  return new Set([...newer, ...[...since].filter((key) => !listed.has(key))]);
}

/** Keys of the records that may have been written since a time. */
async function writtenSince({ context: { platform }, schema }: Look, since: Date, options: CallOptions): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const batch of written(platform.connector, schema, since, 'keys', options))
    if ('keys' in batch) for (const key of batch.keys) keys.add(key);
    else if ('gone' in batch) for (const key of batch.gone) keys.add(key);
  return keys;
}

/** What may have been written since a time; of a driver that cannot be asked for that, what it reads as changed. */
async function* written(
  connector: Connector,
  schema: ObjectSchema,
  since: Date,
  only: 'keys' | 'total' | undefined,
  options: CallOptions,
): ReturnType<NonNullable<Connector['writtenSince']>> {
  if (connector.writtenSince !== undefined) {
    yield* connector.writtenSince({ schema, since, ...(only === undefined ? {} : { only }) }, options);
    return;
  }
  let total = 0;
  for await (const { records } of connector.read({ schema, changedSince: since }, options)) {
    total += records.length;
    yield { keys: records.map(({ key }) => key) };
  }
  yield { total };
}

/** What the histories of records say, some at a time, in the order of the keys. */
export async function* readHistory(look: Look, keys: readonly string[], options: CallOptions): AsyncIterable<Chunk> {
  const { context, schema, fields } = look;
  const { connector } = context.platform;
  const batches = chunksOf(keys, connector.capabilities.batch.history);
  const reads = inOrder(batches, READS_AT_ONCE, async (some) => {
    const { records, history } = await readLive(context.platform, schema, some, fields, options, { historyMayLack: true });
    return { some, records, history };
  });
  for await (const { some, records, history } of reads) {
    const findings: Finding[] = [];
    for (const [key, record] of records) {
      const finding = await findingOf(look, record, history.get(key) ?? { fields: {} }, options);
      if (finding !== undefined) findings.push(finding);
    }
    const absent = some.filter((key) => !records.has(key));
    findings.push(...(await deletedFindings(look, absent, history, options)));
    yield { keys: some, absent, findings };
  }
}
