import type { Connector, FieldChange, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../lib/index.js';
import type { PlatformRecord } from '../../records/index.js';
import { isOfPrograms, type Kept, merged, touched } from './kept.js';
import type { Side } from './own.js';

/** Which records of a run a person has changed, and into which others were merged, where the platform tells. By key. */
export async function touchedAmong(
  { platform, schema }: Side,
  found: readonly PlatformRecord[],
  call: CallOptions,
): Promise<ReadonlyMap<string, Kept>> {
  const { connector, identity } = platform;
  if (connector.capabilities.history !== 'field') return new Map();
  const fields = schema.fields.filter(({ readOnly }) => !readOnly).map(({ name }) => name);
  const histories = new Map<string, RecordHistory>();
  for await (const [key, history] of historiesIn(connector, { schema, fields }, found, call)) histories.set(key, history);
  return keptBecause(histories, identity.writer);
}

async function* historiesIn(
  connector: Connector,
  { schema, fields }: { readonly schema: Side['schema']; readonly fields: readonly string[] },
  found: readonly PlatformRecord[],
  call: CallOptions,
): AsyncGenerator<readonly [string, RecordHistory]> {
  const keys = found.map(({ key }) => key);
  for (const some of chunksOf(keys, connector.capabilities.batch.history))
    for await (const { history } of connector.read({ schema, keys: some, history: fields, historyMayLack: true }, call)) yield* history ?? [];
}

/**
 * What people did with records that a test made, by their histories. Where the platform does not tell persons from programs, somebody who
 * made none of the records and wrote to few of them counts as one. Pure. `own`: as the history names whoever cleans up.
 */
export function keptBecause(histories: ReadonlyMap<string, RecordHistory>, own: string | undefined): ReadonlyMap<string, Kept> {
  const programs = programsIn(histories, own);
  const kept = new Map<string, Kept>();
  for (const [key, history] of histories) {
    const changes = changesIn(history);
    const stranger = history.created?.writer === undefined ? undefined : changes.find((change) => isStranger(change, programs));
    if (history.merged !== undefined) kept.set(key, merged(key));
    else if (changes.some(({ maker }) => maker === 'person')) kept.set(key, touched(key));
    else if (stranger !== undefined) kept.set(key, touched(key, stranger.label ?? stranger.writer));
  }
  return kept;
}

/** Writers who are no persons: who made records of the test, and who wrote to many of them. */
function programsIn(histories: ReadonlyMap<string, RecordHistory>, own: string | undefined): ReadonlySet<string> {
  const wroteTo = new Map<string, number>();
  const programs = new Set(own === undefined ? [] : [own]);
  for (const history of histories.values()) {
    if (history.created?.writer !== undefined) programs.add(history.created.writer);
    for (const writer of new Set(changesIn(history).flatMap((change) => change.writer ?? []))) wroteTo.set(writer, (wroteTo.get(writer) ?? 0) + 1);
  }
  for (const [writer, times] of wroteTo) if (isOfPrograms(times, histories.size)) programs.add(writer);
  return programs;
}

const changesIn = ({ fields, last }: RecordHistory): readonly FieldChange[] => [
  ...Object.values(fields).flat(),
  ...(last === undefined ? [] : [last]),
];

const isStranger = ({ writer, maker, byPlatform, stood }: FieldChange, programs: ReadonlySet<string>): boolean =>
  writer !== undefined && maker === undefined && byPlatform !== true && stood !== true && !programs.has(writer);
