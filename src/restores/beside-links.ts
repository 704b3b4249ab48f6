import { silentReporter, type CallOptions } from '../lib/index.js';
import type { LinkSchema, PlatformRecord } from '../records/index.js';
import { schemaOf } from './items.js';
import type { Batches, BesideRecord, JournalLink, PlatformMade } from './journal.js';
import { readLive, readLiveLinks } from './live.js';
import type { Looking } from './look.js';
import { nameOf } from './order.js';
import type { Plan } from './plan-file.js';

/**
 * What the platform linked by itself to records that a restore created again, and the records that it made for that: some platforms give
 * a new contact a company. Reads the links of these records; changes nothing. `since`: when the restore began, ISO 8601.
 */
export async function madeByPlatform(looking: Looking, plan: Plan, apply: Batches, since: string, options: CallOptions): Promise<PlatformMade> {
  const created = new Map([...apply.keyMap].map(([object, keys]) => [object, new Set(keys.values())]));
  const kinds = looking.schema.links.filter((link) => link.viaFields === undefined && (created.has(link.from) || created.has(link.to)));
  if (kinds.length === 0) return { links: [], records: [] };
  const planned = await plannedLinks(plan, apply);
  const links: JournalLink[] = [];
  const { connector } = looking.platform;
  // Links of several kinds come in one answer: within one view they are asked for once.
  await connector.beginRead?.(options);
  try {
    for (const link of kinds)
      for (const end of ['from', 'to'] as const) {
        const keys = [...(created.get(link[end]) ?? [])];
        if (keys.length === 0) continue;
        for (const one of await readLiveLinks(looking.platform, link, end, keys, options)) {
          const found = { link: link.kind, fromObject: link.from, toObject: link.to, from: one.from, to: one.to };
          if (planned.has(linkName(found))) continue;
          planned.add(linkName(found));
          links.push(found);
        }
        (options.reporter ?? silentReporter).progress({ task: 'Looking at the links of what was created', done: links.length, unit: 'links' });
      }
  } finally {
    await connector.endRead?.();
  }
  return { links, records: await newRecords(looking, kinds, links, created, Date.parse(since), options) };
}

/** How far the platform's clock may be behind ours. */
const CLOCKS_APART_MS = 5_000;

/** Records at the other end that the platform itself created since. Only the history of a platform can tell. */
async function newRecords(
  looking: Looking,
  kinds: readonly LinkSchema[],
  links: readonly JournalLink[],
  created: ReadonlyMap<string, ReadonlySet<string>>,
  since: number,
  options: CallOptions,
): Promise<readonly BesideRecord[]> {
  if (looking.platform.connector.capabilities.history !== 'field' || links.length === 0) return [];
  const others = new Map<string, Set<string>>();
  for (const { fromObject, toObject, from, to } of links)
    for (const [object, key] of [
      [fromObject, from],
      [toObject, to],
    ] as const)
      if (created.get(object)?.has(key) !== true) others.set(object, (others.get(object) ?? new Set()).add(key));
  const records: BesideRecord[] = [];
  for (const object of new Set(kinds.flatMap((link) => [link.from, link.to]))) {
    const keys = [...(others.get(object) ?? [])];
    const schema = schemaOf(looking.schema, object);
    const name = schema.fields[0]?.name;
    if (keys.length === 0 || name === undefined) continue;
    const live = await readLive(looking.platform, schema, keys, [name], options);
    for (const key of keys) {
      const born = live.history.get(key)?.created;
      const record: PlatformRecord | undefined = live.records.get(key);
      if (record === undefined || born?.byPlatform !== true || born.at === undefined || Date.parse(born.at) < since - CLOCKS_APART_MS) continue;
      records.push({ object, key, fields: record.fields });
    }
  }
  return records;
}

/** The links of a plan that are to stand at records it creates, under the keys these have now. */
async function plannedLinks(plan: Plan, apply: Batches): Promise<Set<string>> {
  const planned = new Set<string>();
  const creates = new Set<string>();
  for await (const line of plan.lines()) {
    if (line.kind !== 'change') continue;
    if (!('link' in line)) {
      if (line.action === 'create') creates.add(nameOf(line));
      continue;
    }
    if (line.action !== 'link' || !(creates.has(nameOf(line.from)) || creates.has(nameOf(line.to)))) continue;
    const { link, from, to } = line;
    const key = { from: apply.keyOf(from.object, from.key), to: apply.keyOf(to.object, to.key) };
    planned.add(linkName({ link, fromObject: from.object, toObject: to.object, ...key }));
  }
  return planned;
}

function linkName({ link, fromObject, toObject, from, to }: JournalLink): string {
  return JSON.stringify([link, fromObject, toObject, from, to]);
}
