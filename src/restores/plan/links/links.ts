import { chunksOf, silentReporter, type CallOptions } from '../../../lib/index.js';
import type { Link, LinkSchema } from '../../../records/index.js';
import { conflictOf, refused } from '../../decide/conflicts.js';
import type { MatchedKind } from '../../decide/link-kinds.js';
import type { LinkDraft } from '../../decide/order.js';
import { schemaOf } from '../../records/platform-items.js';
import type { PlanConflict } from '../../types.js';
import type { PlanContext } from '../context.js';
import type { Facts, Known, LinkOfKind } from '../facts/facts.js';
import { LINK_KEYS, readLive, readLiveLinks } from '../objects/live.js';
import { damageOf, type LinkDamage } from './damage.js';
import { draftOf, endsOf, linkPlace, linkWords, pairName } from './names.js';

/**
 * Plans links that are stored apart, by element: what the damage cut is linked again, what it linked is unlinked, every
 * other link of live stays. `kinds`: the kinds of one pair of object types, whose live state is asked for with the same
 * keys, so that within one view of the platform one answer can serve them all. Facts that were taken are known before
 * the next are asked for.
 */
export async function* planLinks(context: PlanContext, known: Known, kinds: readonly MatchedKind[], options: CallOptions): AsyncIterable<Facts> {
  const all: LinkDamage[] = [];
  for (const kind of kinds) {
    const { facts, damage } = await damageOf(context, known, kind, options);
    yield facts;
    if (damage !== undefined) all.push(damage);
  }
  const [first] = all;
  if (first === undefined) return;
  (options.reporter ?? silentReporter).progress({
    task: `Planning links ${first.link.from} to ${first.link.to}`,
    done: 0,
    total: all.reduce((sum, { cut, made }) => sum + cut.length + made.length, 0),
    unit: 'links',
  });
  const asked = all.flatMap(({ link, cut, made }) => [...cut, ...made].map(({ from }) => known.presentKey(link.from, from)));
  const toCut: LinkOfKind[] = [];
  for (const { link, cut, made } of all) {
    const live = new Set((await readLiveLinks(context.platform, link, 'from', asked, options)).map(pairName));
    const now = cut.map(({ from, to }) => ({ from: known.presentKey(link.from, from), to: known.presentKey(link.to, to) }));
    const gone = now.filter((one) => !live.has(pairName(one)));
    yield { nothing: now.length - gone.length };
    for (const one of gone) toCut.push({ link, one });
    for (const some of chunksOf(made, LINK_KEYS)) yield madeFacts(context, known, link, some, live);
  }
  yield await readEnds(context, known, toCut, options);
  for (const some of chunksOf(toCut, LINK_KEYS)) yield cutFacts(context, known, some);
}

/**
 * Which records at the ends of links are there now, as far as nobody has looked: to one that was deleted later no link
 * can be made.
 */
async function readEnds({ platform, live: schema }: PlanContext, known: Known, links: readonly LinkOfKind[], options: CallOptions): Promise<Facts> {
  const asked = new Map<string, Set<string>>();
  for (const { link, one } of links)
    for (const [object, key] of endsOf(link, one))
      if (!known.stands(object, key) && !known.isAbsent(object, key)) asked.set(object, (asked.get(object) ?? new Set()).add(key));
  const present: (readonly [string, readonly string[]])[] = [];
  const absent: (readonly [string, readonly string[]])[] = [];
  for (const [object, keys] of asked) {
    const type = schemaOf(schema, object);
    if (type.refused !== undefined) continue;
    const { records } = await readLive(platform, type, [...keys], [], options);
    present.push([object, [...keys].filter((key) => records.has(key))]);
    absent.push([object, [...keys].filter((key) => !records.has(key))]);
  }
  return { present, absent };
}

/** Links that were cut: linked again where both ends are there. */
function cutFacts(context: PlanContext, known: Known, links: readonly LinkOfKind[]): Facts {
  const decided = links.map(({ link, one }) => {
    const missing = endsOf(link, one).find(([object, key]) => known.isAbsent(object, key));
    if (missing === undefined) {
      const change = draftOf('link', link, one, 'in the base, removed since');
      return settled(context, link, one, change, `${linkWords(link, one)} was removed, but nothing ties that to the incident.`);
    }
    const message = `${linkWords(link, one)} was removed, but ${missing.join(' ')} no longer exists, so it cannot be linked.`;
    return conflictOf('parent-missing', linkPlace(link, one), message, 'leave it removed');
  });
  return factsOf(decided);
}

/**
 * Links that were made: unlinked where they are still there. Those of a new record belong to it: they go when it goes,
 * and stay when it stays.
 */
function madeFacts(context: PlanContext, known: Known, link: LinkSchema, links: readonly Link[], live: ReadonlySet<string>): Facts {
  const decided: (LinkDraft | PlanConflict)[] = [];
  const linksOfDeletes: LinkOfKind[] = [];
  let nothing = 0;
  for (const one of links) {
    const ends = endsOf(link, one);
    if (!live.has(pairName(one))) nothing += 1;
    else if (ends.some(([object, key]) => known.isCreated(object, key))) {
      if (ends.some(([object, key]) => known.deleteOf(object, key) !== undefined)) linksOfDeletes.push({ link, one });
      else nothing += 1;
    } else {
      const change = draftOf('unlink', link, one, 'not in the base, linked since');
      decided.push(settled(context, link, one, change, `${linkWords(link, one)} was linked after the base, but nothing ties that to the incident.`));
    }
  }
  return { ...factsOf(decided), nothing, linksOfDeletes };
}

/** A change of a link, or the question whether to make it where nothing ties the damage to the incident. */
function settled(context: PlanContext, link: LinkSchema, one: Link, change: LinkDraft, message: string): LinkDraft | PlanConflict {
  if (!refused(context.filters, context.suspicion, change.attribution)) return change;
  const restore = change.action === 'link' ? 'link them again' : 'unlink them';
  return conflictOf('unattributed', linkPlace(link, one), message, 'leave it as it is', restore, change);
}

function factsOf(decided: readonly (LinkDraft | PlanConflict)[]): Facts {
  const isConflict = (one: LinkDraft | PlanConflict): one is PlanConflict => 'kind' in one;
  return { conflicts: decided.filter(isConflict), links: decided.filter((one): one is LinkDraft => !isConflict(one)) };
}
