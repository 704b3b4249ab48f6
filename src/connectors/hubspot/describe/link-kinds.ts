import { type CallOptions, defined } from '../../../lib/index.js';
import type { LinkSchema } from '../../../records/index.js';
import type { HubSpotApi } from '../wire/api.js';
import { errorBody, isLabelPage, type WireLabel } from '../wire/shapes.js';
import { type Definitions, wholeList } from './definitions.js';

/** HubSpot's kinds of link of which a record has one at most, a primary company, and the end that record is at. */
const ONE_PER: Readonly<Partial<Record<string, Readonly<Record<string, 'from' | 'to'>>>>> = {
  'contacts|companies': { 'HUBSPOT_DEFINED-1': 'from' },
  'companies|deals': { 'HUBSPOT_DEFINED-6': 'to' },
  'companies|tickets': { 'HUBSPOT_DEFINED-25': 'to' },
};

/** Two object types that may be linked. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

const describedKinds = new WeakMap<HubSpotApi, Map<string, ReadonlySet<string>>>();

/**
 * The kinds of link that HubSpot listed for a pair when it was last asked through this connection; undefined where it
 * was not.
 */
export function kindsListed(api: HubSpotApi, { from, to }: Pair): ReadonlySet<string> | undefined {
  return describedKinds.get(api)?.get(`${from}|${to}`);
}

/**
 * The kinds of link from one object type to another; none where HubSpot knows no links between them. Of a pair that has
 * some for certain, or had some when it was last asked, a refusal and an empty list are errors: its links would vanish
 * without a word.
 */
export async function describeLinks(api: HubSpotApi, pair: Pair, linkable: boolean, call: CallOptions): Promise<readonly LinkSchema[]> {
  const { from, to } = pair;
  const listed = describedKinds.get(api) ?? new Map<string, ReadonlySet<string>>();
  describedKinds.set(api, listed);
  const certain = linkable || listed.has(`${from}|${to}`);
  const list: Definitions = {
    path: `/crm/v4/associations/${encodeURIComponent(from)}/${encodeURIComponent(to)}/labels`,
    valid: isLabelPage,
    what: `the kinds of link between ${from} and ${to}`,
    none: ({ status, body }) => !certain && (status === 400 || status === 404) && errorBody(body).message !== undefined,
    mayBeEmpty: !certain,
  };
  const labels = await wholeList<WireLabel>(api, list, call);
  if (labels.length > 0) listed.set(`${from}|${to}`, new Set(labels.map(kindOf)));
  return labels.map((label) => {
    const kind = kindOf(label);
    const onePer = ONE_PER[`${from}|${to}`]?.[kind];
    return { kind, from, to, ...(label.label ? { label: label.label } : {}), ...defined({ onePer }) };
  });
}

/** Stable name of a kind of link: `HUBSPOT_DEFINED-279`. */
export function kindOf(label: WireLabel): string {
  return `${label.category}-${String(label.typeId)}`;
}

/** The parts of {@link kindOf}, as an association request wants them. */
export function typeOfKind(kind: string): { readonly associationCategory: string; readonly associationTypeId: number } {
  const dash = kind.lastIndexOf('-');
  return { associationCategory: kind.slice(0, dash), associationTypeId: Number(kind.slice(dash + 1)) };
}
