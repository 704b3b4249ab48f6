/** Category of an association type. */
export type LinkCategory = 'HUBSPOT_DEFINED' | 'USER_DEFINED';

/** An association type in one direction. Its partner in the other direction has `inverse` as its id. */
export interface LinkType {
  readonly from: string;
  readonly to: string;
  readonly category: LinkCategory;
  readonly typeId: number;
  /** Null for the plain association every labelled one includes. */
  readonly label: string | null;
  readonly inverse: number;
  /** In the forward direction a record has at most one such link: one primary company. */
  readonly primary: boolean;
  /** True for the direction in which the pair is named first. */
  readonly forward: boolean;
}

interface Pair {
  readonly between: readonly [string, string];
  readonly ids: readonly [number, number];
  readonly labels?: readonly [string, string];
  readonly category?: LinkCategory;
  readonly primary?: boolean;
}

/** HubSpot's own association types, with their published ids, and three labels that this portal added. */
const PAIRS: readonly Pair[] = [
  { between: ['contacts', 'companies'], ids: [279, 280] },
  { between: ['contacts', 'companies'], ids: [1, 2], labels: ['Primary', 'Primary'], primary: true },
  { between: ['deals', 'contacts'], ids: [3, 4] },
  { between: ['deals', 'companies'], ids: [341, 342] },
  { between: ['deals', 'companies'], ids: [5, 6], labels: ['Primary', 'Primary'], primary: true },
  { between: ['tickets', 'contacts'], ids: [16, 15] },
  { between: ['tickets', 'companies'], ids: [339, 340] },
  { between: ['tickets', 'companies'], ids: [26, 25], labels: ['Primary', 'Primary'], primary: true },
  { between: ['tickets', 'deals'], ids: [28, 27] },
  { between: ['contacts', 'contacts'], ids: [449, 449] },
  { between: ['companies', 'companies'], ids: [450, 450] },
  { between: ['companies', 'companies'], ids: [14, 13], labels: ['Child Company', 'Parent Company'] },
  { between: ['deals', 'deals'], ids: [451, 451] },
  { between: ['tickets', 'tickets'], ids: [452, 452] },
  { between: ['deals', 'contacts'], ids: [31, 32], labels: ['Decision maker', 'Decision maker'], category: 'USER_DEFINED' },
  { between: ['deals', 'contacts'], ids: [33, 34], labels: ['Billing contact', 'Bills for'], category: 'USER_DEFINED' },
  { between: ['contacts', 'companies'], ids: [35, 36], labels: ['Former employee', 'Former employer'], category: 'USER_DEFINED' },
];

/** Both directions of a pair of association types. */
export function bothDirections(pair: Pair): readonly LinkType[] {
  const [from, to] = pair.between;
  const [id, inverse] = pair.ids;
  const shared = { category: pair.category ?? 'HUBSPOT_DEFINED', primary: pair.primary ?? false } as const;
  const forward: LinkType = { ...shared, from, to, typeId: id, inverse, label: pair.labels?.[0] ?? null, forward: true };
  return from === to && id === inverse
    ? [forward]
    : [forward, { ...shared, from: to, to: from, typeId: inverse, inverse: id, label: pair.labels?.[1] ?? null, forward: false }];
}

/** The association types a new portal has. */
export const defaultLinkTypes = (): readonly LinkType[] => PAIRS.flatMap(bothDirections);
