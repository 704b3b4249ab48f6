/** Where what tests were about to create is written down, a document a run. */
export const CHECKS = 'checks';
/** Where results are kept. */
export const RESULTS = 'check-results';

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
