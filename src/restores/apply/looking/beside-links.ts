import { silentReporter, type CallOptions } from '../../../lib/index.js';
import type { LinkSchema, PlatformRecord } from '../../../records/index.js';
import { nameOf } from '../../decide/order.js';
import { readLive, readLiveLinks } from '../../plan/objects/live.js';
import type { Batches } from '../../records/batches.js';
import { linkTakenAgain } from '../../records/item-ids.js';
import { type PlatformMade, type BesideRecord, type JournalLink } from '../../records/items.js';
import { schemaOf, type Looking } from '../../records/platform-items.js';
import type { Plan, LinkChange } from '../../types.js';
import { linkText } from './lookup.js';
import { sinceThere, type SentAt } from './their-time.js';

/**
 * What the platform linked by itself to records that a restore created again, and the records that it made for that:
 * some platforms give a new contact a company. Also what links brought with them that still stands and no plan asked
 * for. Reads the links of the created records; changes nothing. `began`: when the restore did.
 */
export async function madeByPlatform(looking: Looking, plan: Plan, apply: Batches, began: SentAt, options: CallOptions): Promise<PlatformMade> {
  const created = new Map([...apply.keyMap].map(([object, keys]) => [object, new Set(keys.values())]));
  const kinds = looking.schema.links.filter((link) => link.viaFields === undefined && (created.has(link.from) || created.has(link.to)));
  if (kinds.length === 0 && apply.brought.length === 0) return { links: [], records: [] };
  const planned = await plannedLinks(plan, apply);
  const stood = await plannedLinks(plan, apply, ({ n }) => apply.stood.has(String(n)));
  const found = new Map<string, JournalLink>();
  if (kinds.length > 0) {
    const { connector } = looking.platform;
    // Links of several kinds come in one answer: within one view they are asked for once.
    await connector.beginRead?.(options);
    try {
      for (const link of kinds)
        for (const end of ['from', 'to'] as const) {
          const keys = [...(created.get(link[end]) ?? [])];
          if (keys.length === 0) continue;
          for (const one of await readLiveLinks(looking.platform, link, end, keys, options)) {
            const whole = { link: link.kind, fromObject: link.from, toObject: link.to, from: one.from, to: one.to };
            found.set(linkText(whole), whole);
          }
          (options.reporter ?? silentReporter).progress({ task: 'Checking the links of what was created', done: found.size, unit: 'links' });
        }
    } finally {
      await connector.endRead?.();
    }
  }
  const links = [...found].flatMap(([text, link]) => (planned.has(text) ? [] : [link]));
  const wanted = [...found].flatMap(([text, link]) => (stood.has(text) ? [link] : []));
  const records = await newRecords(looking, kinds, links, created, sinceThere(looking.platform, began), options);
  for (const link of apply.brought) {
    const text = linkText(link);
    if (!planned.has(text) && !found.has(text) && apply.statuses.get(linkTakenAgain(text)) !== 'applied') links.push(link);
  }
  return { links, ...(wanted.length === 0 ? {} : { wanted }), records };
}

/**
 * What was known to be made by the platform when a restore ended, with what it has made since: a link that is new may
 * be somebody's, unless the record at its other end is the platform's own.
 */
export function madeSince(known: PlatformMade, now: PlatformMade): PlatformMade {
  const own = new Set(now.records.map(nameOf));
  const isOwn = ({ fromObject, toObject, from, to }: JournalLink): boolean =>
    own.has(nameOf({ object: fromObject, key: from })) || own.has(nameOf({ object: toObject, key: to }));
  const links = new Map([...known.links, ...now.links.filter(isOwn)].map((link) => [linkText(link), link]));
  return { ...known, links: [...links.values()], records: now.records };
}

/** How far the clocks of the platform's own machines may be apart. */
const CLOCKS_APART_MS = 5_000;

/** Records at the other end that the platform itself created since. Only the history of a platform can tell. */
async function newRecords(
  looking: Looking,
  kinds: readonly LinkSchema[],
  links: readonly JournalLink[],
  created: ReadonlyMap<string, ReadonlySet<string>>,
  since: number | undefined,
  options: CallOptions,
): Promise<readonly BesideRecord[]> {
  if (looking.platform.connector.capabilities.history !== 'field' || links.length === 0) return [];
  // Where nobody can tell when the restore began, nothing is claimed to have been made for it: an undo would delete it.
  if (since === undefined) return [];
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

/**
 * The links of a plan that are to stand, as {@link linkText}, under the keys that their records have now. `which`: only
 * some of them.
 */
export async function plannedLinks(plan: Plan, apply: Batches, which: (line: LinkChange) => boolean = () => true): Promise<Set<string>> {
  const planned = new Set<string>();
  for await (const line of plan.lines()) {
    if (line.kind !== 'change' || !('link' in line) || line.action !== 'link' || !which(line)) continue;
    const { link, from, to } = line;
    const key = { from: apply.keyOf(from.object, from.key), to: apply.keyOf(to.object, to.key) };
    planned.add(linkText({ link, fromObject: from.object, toObject: to.object, ...key }));
  }
  return planned;
}
