import type { CallOptions } from '../../../lib/index.js';
import type { Link, LinkSchema } from '../../../records/index.js';
import { conflictOf } from '../../decide/conflicts.js';
import { nameOf, type RecordDraft } from '../../decide/order.js';
import type { LinkEnds, PlanConflict } from '../../types.js';
import type { PlanContext } from '../context.js';
import type { Facts, Known } from '../facts/facts.js';
import { pairName } from '../links/names.js';
import { readLiveLinks } from './live.js';

/** A live link that touches a record to be deleted. */
interface Touching {
  readonly link: LinkSchema;
  readonly one: Link;
  /** The end that is to be deleted. */
  readonly end: 'from' | 'to';
}

/**
 * Lets records that the damage created be deleted only where nothing links to them but what goes with them: links that
 * the damage made, and records that are deleted too or that the plan points back to where they pointed before.
 */
export async function* checkDeletes(context: PlanContext, known: Known, options: CallOptions): AsyncIterable<Facts> {
  const touching = await linksThatMatter(context, known, options);
  const staying = new Map<string, PlanConflict>();
  const goes = (object: string, key: string): boolean => known.deleteOf(object, key) !== undefined && !staying.has(nameOf({ object, key }));
  // A record that stays can make another one stay: again until nothing changes.
  for (let before = -1; before !== staying.size;) {
    before = staying.size;
    for (const { link, one, end } of touching) {
      const change = known.deleteOf(link[end], one[end]);
      if (change === undefined || !goes(change.object, change.key)) continue;
      // The other end refers by a field, and is deleted or pointed elsewhere too.
      if (link.viaFields !== undefined && end === 'to' && (goes(link.from, one.from) || known.isRepointed(link, one.from))) continue;
      staying.set(nameOf(change), stayingConflict(change, end === 'to' ? `${link.from} ${one.from}` : `${link.to} ${one.to}`));
    }
  }
  yield { conflicts: [...staying.values()] };
  const going = linksThatGo(known, goes);
  for (const change of known.deletes()) {
    if (staying.has(nameOf(change))) continue;
    const links = going.get(nameOf(change));
    yield { deletes: [links === undefined ? change : { ...change, links }] };
  }
}

/** Links that the damage made, by the records that are deleted with them. */
function linksThatGo(known: Known, goes: (object: string, key: string) => boolean): ReadonlyMap<string, readonly LinkEnds[]> {
  const going = new Map<string, LinkEnds[]>();
  for (const { link, one } of known.linksOfDeletes) {
    const ends: LinkEnds = { link: link.kind, from: { object: link.from, key: one.from }, to: { object: link.to, key: one.to } };
    for (const end of [ends.from, ends.to]) {
      if (!goes(end.object, end.key)) continue;
      const links = going.get(nameOf(end));
      if (links === undefined) going.set(nameOf(end), [ends]);
      else links.push(ends);
    }
  }
  return going;
}

/**
 * Live links of the records to be deleted, without those that the plan cuts. What a record itself refers to by its
 * fields goes with it.
 */
async function linksThatMatter({ platform, live }: PlanContext, known: Known, options: CallOptions): Promise<readonly Touching[]> {
  const touching: Touching[] = [];
  for (const link of live.links) {
    const cut = new Set(known.linksOfDeletes.filter((entry) => entry.link === link).map((entry) => pairName(entry.one)));
    for (const end of link.viaFields === undefined ? (['from', 'to'] as const) : (['to'] as const)) {
      const keys = [...known.deletes(link[end])].map(({ key }) => key);
      if (keys.length === 0) continue;
      for (const one of await readLiveLinks(platform, link, end, keys, options)) if (!cut.has(pairName(one))) touching.push({ link, one, end });
    }
  }
  return touching;
}

function stayingConflict(change: RecordDraft, other: string): PlanConflict {
  const { object, key } = change;
  const message = `${object} ${key} was created by the damage, but ${other} is linked to it now.`;
  return conflictOf('created-then-edited', { object, key, attribution: change.attribution }, message, 'leave the record');
}
