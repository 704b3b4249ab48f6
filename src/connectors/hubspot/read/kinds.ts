import type { LinkSchema } from '../../../records/index.js';
import type { HubSpotApi } from '../wire/api.js';

/**
 * HubSpot numbers a kind of link differently in its two directions, and tells nowhere which numbers belong together.
 * For its own kinds the numbers are fixed; each entry: number in one direction, number in the other.
 */
const DEFINED: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  'contacts|contacts': [[449, 449]],
  'contacts|companies': [
    [1, 2],
    [279, 280],
  ],
  'contacts|deals': [[4, 3]],
  'contacts|tickets': [[15, 16]],
  'companies|companies': [
    [450, 450],
    [13, 14],
    [14, 13],
  ],
  'companies|deals': [
    [6, 5],
    [342, 341],
  ],
  'companies|tickets': [
    [25, 26],
    [340, 339],
  ],
  'deals|deals': [[451, 451]],
  'deals|tickets': [[27, 28]],
  'tickets|tickets': [[452, 452]],
};

/** True for a kind of HubSpot's own that its list of a pair of object types certainly names. */
export function isListed({ from, to }: Pick<LinkSchema, 'from' | 'to'>, kind: string): boolean {
  return DEFINED[`${from}|${to}`]?.some(([number]) => kind === `HUBSPOT_DEFINED-${String(number)}`) === true;
}

/**
 * What is known about the numbers of one pair of object types: kinds as seen from `link.to`, turned into kinds as seen
 * from `link.from`.
 */
export class Kinds {
  readonly #forward: Map<string, string>;

  constructor(defined: readonly (readonly [number, number])[]) {
    this.#forward = new Map(defined.map(([one, other]) => [`HUBSPOT_DEFINED-${String(other)}`, `HUBSPOT_DEFINED-${String(one)}`]));
  }

  /** The kinds of one tie turned round; undefined where one of them is not known. */
  turn(back: readonly string[]): readonly string[] | undefined {
    const turned = back.flatMap((kind) => this.#forward.get(kind) ?? []);
    return turned.length === back.length ? turned : undefined;
  }

  /**
   * Learns from one tie seen from both sides: where each side has exactly one kind left that is not known, these two
   * are one.
   */
  learn(back: readonly string[], there: readonly string[]): void {
    const known = new Set(this.#forward.values());
    const [kind, second] = back.filter((one) => !this.#forward.has(one));
    const [other, another] = there.filter((one) => !known.has(one));
    if (kind !== undefined && other !== undefined && second === undefined && another === undefined) this.#forward.set(kind, other);
  }
}

const learnt = new WeakMap<HubSpotApi, Map<string, Kinds>>();

/** The {@link Kinds} of a pair, kept as long as the connection. */
export function kindsOf(api: HubSpotApi, link: LinkSchema): Kinds {
  const pairs = learnt.get(api) ?? new Map<string, Kinds>();
  learnt.set(api, pairs);
  const pair = `${link.from}|${link.to}`;
  const kinds = pairs.get(pair) ?? new Kinds(DEFINED[pair] ?? []);
  pairs.set(pair, kinds);
  return kinds;
}
