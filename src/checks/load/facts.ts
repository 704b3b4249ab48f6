/** What a load check knows. Times are milliseconds of one clock that only grows. */

/** One submission: known, and on disk, before it is sent. */
export interface Submission {
  /** From 0, in the order in which they are sent. */
  readonly n: number;
  /** Address of the person, in small letters. Some people submit twice. */
  readonly person: string;
  /** What no other submission of any run has: it marks the record that becomes of this one. */
  readonly nonce: string;
}

/** What the intake said to a submission. */
export type Answer =
  /** It was taken: the answer came whole, and says so. */
  | { readonly outcome: 'acknowledged'; readonly sentMs: number; readonly endedMs: number; readonly why: string }
  /** It was not taken, by the word of the intake, or it was never sent. */
  | { readonly outcome: 'refused'; readonly sentMs: number; readonly endedMs: number; readonly why: string }
  /** Whether it was taken is not known: no answer, half of one, or an error of the server. */
  | { readonly outcome: 'unanswered'; readonly sentMs: number; readonly endedMs: number; readonly why: string };

/** A record of this run that was seen on a platform. */
export interface Found {
  readonly key: string;
  /** Its address in small letters; undefined where it has none. */
  readonly person: string | undefined;
  /** What stands in the field of the marks, and what stood there where the platform tells. */
  readonly nonces: readonly string[];
}

/** One look at an object type of a platform. */
export interface Reading {
  readonly fromMs: number;
  readonly toMs: number;
  /** It read every record there is. Otherwise that something was not seen says nothing. */
  readonly whole: boolean;
  /** What stood earlier in the field of the marks is among the `nonces`. */
  readonly past: boolean;
  readonly found: readonly Found[];
}

/**
 * What became of a submission:
 * - `once`: one record has it, in time;
 * - `doubled`: its person has more than one record;
 * - `lost`: it was acknowledged, and a whole reading after the deadline does not show it;
 * - `refused`: the intake did not take it, and it is nowhere;
 * - `late`: a whole reading after the deadline did not show it yet, a later one does;
 * - `unknown`: what was seen does not tell.
 */
export const VERDICTS = ['once', 'doubled', 'lost', 'refused', 'late', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Judged {
  readonly submission: Submission;
  readonly verdict: Verdict;
  /** What it rests on, as a sentence. */
  readonly why: string;
  /** It came to exist after the start of a reading that did not show it, and before the end of one that does; only where it was seen. */
  readonly came?: { readonly afterMs: number; readonly beforeMs: number };
}
