import { describeThere, type Platform } from '../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../lib/index.js';
import type { LinkSchema, ObjectSchema, PlatformRecord } from '../../records/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import type { CheckNote } from '../ledger.js';
import { attached, isOfPrograms, type Kept } from './kept.js';
import { ownershipOf, type Side } from './own.js';

/** A record at the other end of a link. */
interface Other {
  readonly object: string;
  readonly key: string;
  /** Of the records that are to be deleted: those it is linked to. */
  readonly ends: Set<string>;
}

/**
 * Which records that are to be deleted have a record of somebody linked to them: a platform may delete that too, or leave it pointing to
 * nothing. What is of the test itself does not count, nor what hangs on many of its records, nor what was made since it began by no person. By key.
 */
export async function attachedAmong(
  note: CheckNote,
  { platform, schema }: Side,
  going: readonly PlatformRecord[],
  call: CallOptions,
): Promise<ReadonlyMap<string, Kept>> {
  if (going.length === 0) return new Map();
  const { objects, links } = await around(note, platform, schema, call);
  const keys = going.map(({ key }) => key);
  const others = new Map<string, Other>();
  for (const link of links) for (const other of await othersBy(platform, link, schema.object, keys, call)) addTo(others, other);
  const kept = new Map<string, Kept>();
  for (const object of new Set([...others.values()].map((other) => other.object))) {
    const of = objects.find((each) => each.object === object);
    const mine = [...others.values()].filter((other) => other.object === object && !isOfPrograms(other.ends.size, keys.length));
    if (of === undefined || mine.length === 0) continue;
    const strange = await strangers(note, { platform, schema: of }, new Set(mine.map(({ key }) => key)), call);
    for (const { key, ends } of mine) if (strange.has(key)) for (const end of ends) kept.set(end, attached(end, `${object} ${key}`));
  }
  return kept;
}

/** Object types whose records can be linked to those of one. */
async function around(
  note: CheckNote,
  { name, connector, objects: declared = [] }: Platform,
  { object }: ObjectSchema,
  call: CallOptions,
): Promise<{ readonly objects: readonly ObjectSchema[]; readonly links: readonly LinkSchema[] }> {
  const referrers = await connector.referrers?.(object, call);
  const noted = note.places.filter(({ platform }) => platform === name).map((place) => place.object);
  const wanted = referrers === undefined ? undefined : [...new Set([object, ...declared, ...noted, ...referrers])];
  const schema = wanted === undefined ? await connector.describe(undefined, call) : (await describeThere(connector, wanted, call)).schema;
  const refused = new Set(schema.objects.filter((each) => each.refused !== undefined).map((each) => each.object));
  return { objects: schema.objects, links: schema.links.filter(({ from, to }) => !refused.has(from) && !refused.has(to)) };
}

/** Records that are linked to these by one kind of link; what a record refers to by its own fields goes with it, and is not among them. */
async function othersBy(
  { connector }: Platform,
  link: LinkSchema,
  object: string,
  keys: readonly string[],
  call: CallOptions,
): Promise<readonly Other[]> {
  const going = new Set(keys);
  const others: Other[] = [];
  for (const end of link.viaFields === undefined ? (['from', 'to'] as const) : (['to'] as const)) {
    if (link[end] !== object) continue;
    const far = end === 'from' ? 'to' : 'from';
    for await (const some of connector.readLinks({ link, ...(end === 'from' ? { fromKeys: keys } : { toKeys: keys }) }, call))
      for (const one of some) {
        const isBetweenOwn = link[far] === object && going.has(one[far]);
        if (going.has(one[end]) && !isBetweenOwn) others.push({ object: link[far], key: one[far], ends: new Set([one[end]]) });
      }
  }
  return others;
}

function addTo(others: Map<string, Other>, { object, key, ends }: Other): void {
  const name = `${object} ${key}`;
  const known = others.get(name);
  if (known === undefined) others.set(name, { object, key, ends });
  else for (const end of ends) known.ends.add(end);
}

/** Which of these records are neither of the test nor made by a program since it began. */
async function strangers(note: CheckNote, { platform, schema }: Side, keys: ReadonlySet<string>, call: CallOptions): Promise<ReadonlySet<string>> {
  const { connector, identity } = platform;
  const places = note.places.filter((place) => place.platform === platform.name && place.object === schema.object && place.about === undefined);
  const whose = places.map((place) => ownershipOf(note, place));
  const strange = new Set<string>();
  for (const some of chunksOf([...keys], connector.capabilities.batch.read))
    for await (const { records } of connector.read({ schema, keys: some }, call))
      for (const record of records) if (!whose.some((of) => of(record) === 'ours')) strange.add(record.key);
  if (connector.capabilities.history !== 'field' || strange.size === 0) return strange;
  const [field] = schema.fields.filter(({ readOnly }) => !readOnly);
  // Both clocks may differ, and a record that was there before is older than that.
  const sinceMs = Date.parse(note.startedAt) - CLOCK_MARGIN_MS;
  for (const some of chunksOf([...strange], connector.capabilities.batch.history))
    for await (const { history } of connector.read(
      { schema, keys: some, history: field === undefined ? [] : [field.name], historyMayLack: true },
      call,
    ))
      for (const [key, { created }] of history ?? []) {
        const isByProgram =
          created?.maker === undefined ? created?.writer !== undefined && created.writer === identity.writer : created.maker !== 'person';
        if (isByProgram && Date.parse(created?.at ?? '') >= sinceMs) strange.delete(key);
      }
  return strange;
}
