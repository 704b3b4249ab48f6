import type { Platform } from '../connectors/index.js';
import { type CallOptions, type Clock, defined, newId } from '../lib/index.js';
import { linkTitle, namesOf, parseRecordLine } from '../records/index.js';
import type { SnapshotReader } from '../snapshots/index.js';
import type { Store } from '../store/index.js';
import { chartsOf } from './charts.js';
import { findGroups } from './groups/find-groups.js';
import { gather, type GatherRequest } from './reading/gather.js';
import { INVESTIGATIONS, writeInvestigation } from './records/file.js';
import type { Example, Investigation, InvestigationHeader, KeptGroup } from './records/types.js';
import { keptStart } from './start/keep.js';
import type { Group, Member } from './types.js';
import { labelWords } from './verdicts/words.js';

/** Examples of a group that are kept with their values. */
const EXAMPLES = 3;

export interface InvestigateRequest extends Omit<GatherRequest, 'platform'> {
  readonly by: string;
}

export interface InvestigateDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly platform: Platform;
}

/**
 * Finds out what happened between the oldest of the snapshots and the last one, and keeps it. Changes nothing on the
 * platform.
 */
export async function investigate(
  request: InvestigateRequest,
  { store, clock, platform }: InvestigateDeps,
  options: CallOptions = {},
): Promise<Investigation> {
  const { readers } = request;
  const [base, now] = [readers[0] as SnapshotReader, readers.at(-1) as SnapshotReader];
  const before = platform.connector.usage().requests;
  const { evidence, reading, schemas, start } = await gather({ ...request, platform }, options);
  const groups = findGroups(evidence);
  const found = start && (await keptStart(start, { groups, platform, now, schemas }, options));
  const requests = platform.connector.usage().requests - before;
  const kept: KeptGroup[] = [];
  const titles = await linkTitles([base, now], platform.name);
  for (const [i, group] of groups.entries()) kept.push(await keptGroup(group, i + 1, base, now, platform.name, titles));
  const damage = groups.filter(({ verdict, follows }) => verdict === 'damage' && follows === undefined);
  const [first] = [...damage].sort((a, b) => a.fromMs - b.fromMs);
  const { notCompared, untold, cut, unsure, ...read } = reading;
  const header: InvestigationHeader = {
    version: 1,
    id: newId('inv', clock, await store.ledgers(INVESTIGATIONS)),
    platform: platform.name,
    account: platform.identity.account,
    base: { snapshot: base.header.id, digest: base.digest },
    damaged: { snapshot: now.header.id, digest: now.digest },
    objects: [...evidence.rows.keys()],
    from: isoOf(evidence.fromMs),
    to: isoOf(evidence.toMs),
    ...(first === undefined ? {} : { onset: isoOf(first.fromMs), onsetExact: first.exact }),
    reading: {
      ...read,
      ...(untold === 0 ? {} : { untold }),
      ...(cut === 0 ? {} : { cut }),
      ...(unsure === 0 ? {} : { unsure }),
      requests,
      history: evidence.history,
      days: evidence.past.days,
    },
    notCompared: notCompared.map(({ kind, name, why }) => ({ kind, name, why })),
    charts: chartsOf(evidence),
    ...defined({ start: found }),
    groups: kept,
    createdBy: request.by,
    createdAt: clock.now().toISOString(),
  };
  return await writeInvestigation(store, header, groups);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** What people call each kind of link that a snapshot holds, by its name there; the later snapshot counts. */
async function linkTitles(readers: readonly SnapshotReader[], platform: string): Promise<ReadonlyMap<string, string>> {
  const titles = new Map<string, string>();
  for (const reader of readers) {
    // A snapshot that lost its description has names all the same.
    const schema = await reader.schema(platform).catch(() => undefined);
    for (const link of schema?.links ?? []) titles.set(`${link.from}~${link.to}~${link.kind}`, linkTitle(link));
  }
  return titles;
}

async function keptGroup(
  group: Group,
  n: number,
  base: SnapshotReader,
  now: SnapshotReader,
  platform: string,
  titles: ReadonlyMap<string, string>,
): Promise<KeptGroup> {
  const { members, fromMs, toMs, follows, signs, fields, object, label, points, verdict, exact } = group;
  return {
    n,
    verdict,
    object,
    fields,
    label,
    what: labelWords(label, group.detail, members.length),
    why: [...signs].sort((a, b) => Math.abs(b.points) - Math.abs(a.points)),
    points,
    from: isoOf(fromMs),
    to: isoOf(toMs),
    exact,
    cells: members.length,
    records: new Set(members.map(({ key }) => key)).size,
    examples: await examplesOf(members, [base, now], platform),
    ...defined({
      title: titles.get(object),
      detail: group.detail,
      writer: group.writer,
      maker: group.maker,
      sync: group.sync,
      question: group.question,
    }),
    ...(follows === undefined ? {} : { follows: follows + 1 }),
  };
}

/** Some of a group, with the names that people know the records by. */
async function examplesOf(members: readonly Member[], readers: readonly SnapshotReader[], platform: string): Promise<readonly Example[]> {
  const examples: Example[] = [];
  // From all over the group, since the first are often one batch.
  const some = [...new Set([0, Math.floor(members.length / 2), members.length - 1])].slice(0, EXAMPLES);
  for (const place of some) {
    const member = members[place];
    if (member === undefined) continue;
    const { object, key, field, before, after } = member;
    const name = await nameOf(readers, platform, object, key);
    examples.push({ object, key, ...defined({ name, before, after }), ...(field === '' ? {} : { field }) });
  }
  return examples;
}

async function nameOf(readers: readonly SnapshotReader[], platform: string, object: string, key: string): Promise<string | undefined> {
  for (const reader of readers) {
    const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
    const line = info && (await reader.line(info, key).catch(() => undefined));
    if (line === undefined) continue;
    const { name, address } = namesOf(parseRecordLine(line).fields);
    return name ?? address;
  }
  return undefined;
}
