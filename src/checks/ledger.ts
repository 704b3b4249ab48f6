import { parseDuration } from '../lib/index.js';

/** Where what tests were about to create is written down, a document a run. */
export const CHECKS = 'checks';
/** Where results are kept. */
export const RESULTS = 'check-results';

/** How long after its last write something of a test may still arrive, milliseconds: the longest that it waits for anything. */
export function arrivesWithinMs(waits: readonly { readonly within: string; readonly settle: string }[]): number {
  return Math.max(0, ...waits.map(({ within, settle }) => parseDuration(within) + parseDuration(settle)));
}

/** What a run of a test was about to create: on disk before anything is. */
export interface CheckNote {
  readonly version: 1;
  readonly id: string;
  readonly test: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Every address and mark of the run begins with it. */
  readonly mark: string;
  /** What the submissions are made of again; see `submissionsOf`. */
  readonly submissions: { readonly count: number; readonly twice: number; readonly domain: string };
  readonly places: readonly NotedPlace[];
  /** How long after the last write something may still arrive. Milliseconds. */
  readonly arrivesWithinMs?: number;
  /** Of a run that was killed: until when that is, counted from the first clean-up. ISO 8601, UTC. */
  readonly arrivesUntil?: string;
  /** When everything was taken away; absent as long as anything may be there. ISO 8601, UTC. */
  readonly cleanedAt?: string;
}

/** Where it may have arrived. */
export interface NotedPlace {
  readonly platform: string;
  readonly connector: string;
  readonly account: string;
  readonly object: string;
  /** The field with the address, or another text that only this run writes. */
  readonly address: string;
  /** It holds the key of a record of another place of the note instead of an address: what belongs to that record goes with it. */
  readonly about?: { readonly platform: string; readonly object: string };
  /** The field with the mark, where there is one more. */
  readonly nonce?: string;
}
