import type { Platform } from '../../../connectors/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import type { TestedField } from '../../touchpoints/facts.js';

/**
 * What was found of one thing that is wanted of one person:
 * - `right`, `normalised`, `truncated`, `option-lost`, `wrong`, `late`: as for steps over a mapping;
 * - `lost`: it was right after an earlier step, and no longer is;
 * - `shrunk`: what only grows went back, or what stays once it is set was changed;
 * - `opt-out-missing`: the person opted out, and this place does not know;
 * - `opt-out-undone`: this place knew it, and no longer does;
 * - `missing`, `doubled`, `left`: the record is not there, there are several, or it is there and should not be;
 * - `unknown`: the answer to a write was lost, and nothing shows it.
 */
export const JOURNEY_VERDICTS = [
  'right',
  'normalised',
  'late',
  'truncated',
  'option-lost',
  'wrong',
  'lost',
  'shrunk',
  'opt-out-missing',
  'opt-out-undone',
  'missing',
  'doubled',
  'left',
  'unknown',
] as const;
export type JourneyVerdict = (typeof JOURNEY_VERDICTS)[number];

/** One person of a run, by number from 0, with what only they have. */
export interface Persona {
  readonly n: number;
  readonly address: string;
  readonly mark: string;
}

/** Where records of people are, open. */
export interface Place {
  readonly name: string;
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  readonly address: string;
  readonly mark?: string;
}

/** A mapping between two places. `fields`: those of one direction, by the side whose value counts. */
export interface PlacePair {
  readonly mapping: Mapping;
  readonly places: readonly [string, string];
  readonly fields: readonly { readonly from: SideIndex; readonly tested: TestedField }[];
}

/** The records of each person in one place, in one look. */
export type Seen = ReadonlyMap<number, readonly PlatformRecord[]>;
/** One look at every place. */
export interface Look {
  /** By name of the place. */
  readonly records: ReadonlyMap<string, Seen>;
  /** Links that were looked for and are there, by {@link linkId}. */
  readonly links: ReadonlySet<string>;
}

export const linkId = (n: number, from: string, to: string): string => `${n} ${from} ${to}`;

/** One thing that is wanted of one person, and what one look shows of it. */
export interface Want {
  readonly n: number;
  readonly place: string;
  /** A field; the record itself without one. */
  readonly field?: string;
  /** What it rests on: two wants of one field that rest on other things are two. */
  readonly rests: 'said' | 'mapping' | 'opt-out' | 'grows' | 'kept' | 'link';
  readonly verdict: JourneyVerdict;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** Names one want among those of a run. Another value that is wanted is another want. */
export const wantId = ({ n, place, field, rests, wanted }: Want): string => JSON.stringify([n, place, field ?? '', rests, wanted]);

export const isFine = (verdict: JourneyVerdict): boolean => verdict === 'right' || verdict === 'normalised';

/** The one record of a person in a place. */
export function oneOf(look: Look, place: string, n: number): PlatformRecord | undefined {
  return look.records.get(place)?.get(n)?.[0];
}
