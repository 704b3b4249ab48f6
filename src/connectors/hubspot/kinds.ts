import type { CallOptions } from '../../lib/index.js';
import type { LinkSchema } from '../../records/index.js';
import type { HubSpotApi } from './api.js';
import { kindOf, readLabels } from './schema.js';
import type { WireLabel } from './wire.js';

/**
 * HubSpot numbers a kind of link differently in its two directions, and tells nowhere which numbers belong together. For its own
 * kinds the numbers are fixed; each entry: number in one direction, number in the other.
 */
const DEFINED: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  'contacts|companies': [
    [1, 2],
    [279, 280],
  ],
  'contacts|deals': [[4, 3]],
  'contacts|tickets': [[15, 16]],
  'companies|deals': [
    [6, 5],
    [342, 341],
  ],
  'companies|tickets': [
    [25, 26],
    [340, 339],
  ],
  'deals|tickets': [[27, 28]],
};

/**
 * From the kind as seen from `link.to` to the kind as seen from `link.from`, for all kinds of the pair; undefined where
 * one of them cannot be turned round for certain. Labels that people defined are matched by their text, where it is the same
 * in both directions and unique. Costs a request only where there are such labels.
 */
export async function reverseKinds(api: HubSpotApi, link: LinkSchema, call: CallOptions): Promise<ReadonlyMap<string, string> | undefined> {
  const defined = DEFINED[`${link.from}|${link.to}`];
  if (!defined) return undefined;
  const there = await knownLabels(api, link.from, link.to, call);
  const own = new Map(defined.map(([one, other]) => [`HUBSPOT_DEFINED-${String(one)}`, `HUBSPOT_DEFINED-${String(other)}`]));
  const named = there.filter((label) => label.category === 'USER_DEFINED');
  const back = named.length === 0 ? [] : await knownLabels(api, link.to, link.from, call);
  const map = new Map<string, string>();
  for (const label of there) {
    const other = label.category === 'USER_DEFINED' ? sameLabel(label, there, back) : own.get(kindOf(label));
    if (other === undefined) return undefined;
    map.set(other, kindOf(label));
  }
  return map;
}

async function knownLabels(api: HubSpotApi, from: string, to: string, call: CallOptions): Promise<readonly WireLabel[]> {
  return api.labels.get(`${from}|${to}`) ?? (await readLabels(api, from, to, call));
}

/** The kind, seen from the other side, whose label is the same text, where exactly one is on either side. */
function sameLabel(label: WireLabel, there: readonly WireLabel[], back: readonly WireLabel[]): string | undefined {
  const same = (other: WireLabel): boolean => other.category === label.category && other.label === label.label;
  const [match, second] = back.filter(same);
  return label.label && match && !second && there.filter(same).length === 1 ? kindOf(match) : undefined;
}
