import type { CallOptions } from '../../../lib/index.js';
import type { Fields, PlatformRecord } from '../../../records/index.js';
import { readLiveLinks } from '../../plan/objects/live.js';
import { isLinkTakenAgain } from '../../records/item-ids.js';
import { type ItemResult, type JournalItem, type JournalLink } from '../../records/items.js';
import type { Recreations } from '../../records/journal.js';
import { schemaOf, type Looking } from '../../records/platform-items.js';
import { holds, isHalfDone, keeping, linkText, readItems, readPairLinks, stillToWrite } from '../looking/lookup.js';

/** What is sent, and what is not sent because live is not what the plan saw. */
export interface Checked {
  readonly send: readonly JournalItem[];
  readonly skipped: readonly ItemResult[];
  /** The records as they were read for that, by object type and key. */
  readonly before: ReadonlyMap<string, ReadonlyMap<string, PlatformRecord>>;
  /** Of a batch of links: those that its records had, of all kinds between their object types. */
  readonly linksBefore?: readonly JournalLink[];
}

const UNREAD: Checked['before'] = new Map();

/** What a check before writing needs. */
export interface Checking extends Looking {
  /** What earlier restores created again. */
  readonly recreations: Recreations;
  /** True where an item was sent before, so that half of it may stand. */
  readonly attempted: (id: string) => boolean;
}

/**
 * Looks at live just before a batch is written (G8). Reads only what the platform does not check itself: where it
 * writes conditionally, updates need no look. Deletes always need one at their links. All items have the same action
 * and object type.
 */
export async function precheck(checking: Checking, items: readonly JournalItem[], options: CallOptions): Promise<Checked> {
  const [first] = items;
  const { capabilities } = checking.platform.connector;
  if (first === undefined || first.action === 'undelete') return { send: items, skipped: [], before: UNREAD };
  if ('link' in first) return checkLinks(checking, items, options);
  const schema = schemaOf(checking.schema, first.object);
  const platformChecks = first.action === 'create' ? schema.createWithKey : capabilities.conditionalWrite;
  const known = platformChecks ? await checkAgain(checking, items, options) : await checkRecords(checking, items, options);
  return first.action === 'delete' ? checkLinked(checking, known, options) : known;
}

/** Where the platform checks itself: a look only at what it did not take the first time. */
async function checkAgain(checking: Checking, items: readonly JournalItem[], options: CallOptions): Promise<Checked> {
  const again = items.filter((item) => item.action === 'update' && checking.attempted(item.id));
  if (again.length === 0) return { send: items, skipped: [], before: UNREAD };
  const { send, skipped, before } = await checkRecords(checking, again, options);
  return { send: [...items.filter((item) => !again.includes(item)), ...send], skipped, before };
}

async function checkRecords(checking: Checking, items: readonly JournalItem[], options: CallOptions): Promise<Checked> {
  const [first] = items;
  if (first === undefined || 'link' in first) return { send: items, skipped: [], before: UNREAD };
  const before = await readItems(checking, items, options);
  const live = before.get(first.object) ?? new Map<string, PlatformRecord>();
  const again = first.action === 'create' ? await recreated(checking, items, options) : new Map<string, string>();
  const send: JournalItem[] = [];
  const skipped: ItemResult[] = [];
  for (const given of items) {
    const fields = 'key' in given ? live.get(given.key)?.fields : undefined;
    const item = given.action === 'update' && fields !== undefined ? keeping(given, fields) : given;
    const rest = restOf(checking, item, fields);
    const verdict = rest !== undefined || again.has(item.id) ? undefined : verdictOn(checking, item, fields);
    const key = again.get(item.id);
    if (key !== undefined && item.action === 'create')
      skipped.push({
        id: item.id,
        status: 'applied',
        already: true,
        key,
        recreated: { object: item.object, key: item.key },
        message: 'an earlier restore created it again',
      });
    else if (verdict === undefined) send.push(rest ?? item);
    else skipped.push(verdict);
  }
  return { send, skipped, before };
}

/**
 * The part of an update that can still be written where somebody changed another part of the record; undefined
 * elsewhere.
 */
function restOf(checking: Checking, item: JournalItem, live: Fields | undefined): JournalItem | undefined {
  if (item.action !== 'update' || live === undefined) return undefined;
  const schema = schemaOf(checking.schema, item.object);
  if (holds(live, item.set) || holds(live, item.replaced, Object.keys(item.set))) return undefined;
  if (checking.attempted(item.id) && isHalfDone(schema, item, live)) return undefined;
  return stillToWrite(schema, item, live);
}

function verdictOn(checking: Checking, item: JournalItem, live: Fields | undefined): ItemResult | undefined {
  const { id } = item;
  switch (item.action) {
    case 'update':
      if (live === undefined) return { id, status: 'moved', reason: 'deleted-later', message: 'the record no longer exists' };
      if (holds(live, item.set)) return stands(item);
      if (holds(live, item.replaced, Object.keys(item.set))) return undefined;
      if (checking.attempted(id) && isHalfDone(schemaOf(checking.schema, item.object), item, live)) return undefined;
      return { id, status: 'moved', message: 'the record was changed since the plan was made' };
    case 'delete':
      if (live === undefined) return stands(item);
      return holds(live, item.replaced) ? undefined : { id, status: 'moved', message: 'the record was changed since the plan was made' };
    case 'create':
      if (live === undefined) return undefined;
      return holds(live, item.set) ? stands(item) : { id, status: 'moved', message: 'the record exists again, with other values' };
    default:
      return undefined;
  }
}

/**
 * The result of an item that stands before it is sent: somebody else's doing. Also where it was sent before: what
 * became of that was found out before it may be sent again, and it had not happened.
 */
export function stands(item: JournalItem): ItemResult {
  return { id: item.id, status: 'applied', ...('key' in item ? { key: item.key } : {}), already: true };
}

/** Creates whose record an earlier restore created already and that still lives, by item id. */
async function recreated(checking: Checking, items: readonly JournalItem[], options: CallOptions): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  const probes: JournalItem[] = [];
  for (const item of items) {
    const key = item.action === 'create' ? await checking.recreations.find(item.object, item.key) : undefined;
    if (key !== undefined && item.action === 'create') {
      keys.set(item.id, key);
      probes.push({ ...item, key });
    }
  }
  if (probes.length === 0) return keys;
  const live = await readItems(checking, probes, options);
  for (const probe of probes) if (probe.action === 'create' && live.get(probe.object)?.has(probe.key) !== true) keys.delete(probe.id);
  return keys;
}

async function checkLinks(checking: Checking, items: readonly JournalItem[], options: CallOptions): Promise<Checked> {
  // What came with a batch of links was seen when that was looked at.
  const seen = items.every(({ id }) => isLinkTakenAgain(id));
  if (seen || checking.platform.connector.capabilities.conditionalWrite) return { send: items, skipped: [], before: UNREAD };
  const linksBefore = await readPairLinks(checking, items, options);
  const there = new Set(linksBefore.map(linkText));
  const send: JournalItem[] = [];
  const skipped: ItemResult[] = [];
  for (const item of items) {
    if ('link' in item && there.has(linkText(item)) === (item.action === 'link')) skipped.push(stands(item));
    else send.push(item);
  }
  return { send, skipped, before: UNREAD, linksBefore };
}

/**
 * Keeps records from being deleted that something was linked to in the meantime; on some platforms that would be
 * deleted with them.
 */
async function checkLinked(checking: Checking, known: Checked, options: CallOptions): Promise<Checked> {
  const [first] = known.send;
  if (first === undefined || first.action !== 'delete') return known;
  const keys = new Set(known.send.flatMap((item) => ('key' in item ? [item.key] : [])));
  const going = new Set(known.send.flatMap((item) => (item.action === 'delete' ? item.links.map(linkText) : [])));
  const linked = new Map<string, string>();
  const { connector } = checking.platform;
  // Links of several kinds come in one answer: within one view they are asked for once, and afresh at each check.
  await connector.beginRead?.(options);
  try {
    for (const link of checking.schema.links) {
      for (const end of link.viaFields === undefined ? (['from', 'to'] as const) : (['to'] as const)) {
        if (link[end] !== first.object) continue;
        const other = end === 'from' ? 'to' : 'from';
        for (const one of await readLiveLinks(checking.platform, link, end, [...keys], options)) {
          const goesToo = link.viaFields !== undefined && link[other] === first.object && keys.has(one[other]);
          const text = linkText({ link: link.kind, fromObject: link.from, toObject: link.to, from: one.from, to: one.to });
          if (keys.has(one[end]) && !goesToo && !going.has(text)) linked.set(one[end], `${link[other]} ${one[other]}`);
        }
      }
    }
  } finally {
    await connector.endRead?.();
  }
  const send: JournalItem[] = [];
  const skipped: ItemResult[] = [...known.skipped];
  for (const item of known.send) {
    const other = 'key' in item ? linked.get(item.key) : undefined;
    if (other === undefined) send.push(item);
    else skipped.push({ id: item.id, status: 'moved', message: `${other} is linked to it now` });
  }
  return { send, skipped, before: known.before };
}
