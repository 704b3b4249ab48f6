import type { Verdict } from './load/facts.js';
import type { CellVerdict, RecordVerdict } from './touchpoints/facts.js';
import type { FiringVerdict, Refire } from './triggers/facts.js';

/** What one run of a test found. Times are ISO 8601, UTC; spans are milliseconds. */
export interface CheckResult {
  readonly version: 1;
  readonly id: string;
  readonly test: string;
  readonly title: string;
  /** SHA-256 of the test's text. */
  readonly digest: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly passed: boolean;
  /** Of a load. */
  readonly load?: LoadResult;
  /** Of a test that does one step after the other. */
  readonly steps?: readonly StepResult[];
  /** Of an automation that fires when a condition becomes true. */
  readonly trigger?: TriggerResult;
  readonly checks: readonly Check[];
}

/** One thing that was wanted, and what was found. */
export interface Check {
  /** `crm/contacts: lost` */
  readonly name: string;
  readonly passed: boolean;
  readonly found: string;
  readonly wanted: string;
}

/** What became of the submissions in one place. */
export interface PlaceResult {
  /** `crm/contacts` */
  readonly place: string;
  /** Together as many as were submitted. */
  readonly totals: Readonly<Record<Verdict, number>>;
  /** The slowest that came in time, from its answer to the reading that shows it. */
  readonly slowestMs?: number;
  /** The first few of each verdict but `once`. */
  readonly examples: readonly { readonly mark: string; readonly verdict: Verdict; readonly why: string }[];
}

/** In which order submissions reached two places. */
export interface OrderResult {
  readonly first: string;
  readonly second: string;
  readonly right: number;
  readonly wrong: number;
  /** The readings do not tell. */
  readonly unknown: number;
  /** Marks of the first few that came in the wrong order. */
  readonly examples: readonly string[];
}

/** What many submissions came to. */
export interface LoadResult {
  readonly submissions: number;
  readonly people: number;
  /** From the first to the last that left this machine. */
  readonly spanMs: number;
  /** Set where they were paced. */
  readonly limit?: { readonly count: number; readonly perMs: number };
  /** What the intake said. */
  readonly answers: Readonly<Record<'acknowledged' | 'refused' | 'unanswered', number>>;
  readonly withinMs: number;
  readonly places: readonly PlaceResult[];
  readonly order?: readonly OrderResult[];
}

/** What one step came to. */
export interface StepResult {
  /** `create crm` */
  readonly step: string;
  /** Until everything was there, or the time was over. */
  readonly tookMs: number;
  /** Copies on the other side. */
  readonly records: Readonly<Record<RecordVerdict, number>>;
  readonly fields: readonly { readonly field: string; readonly totals: Readonly<Record<CellVerdict, number>> }[];
  readonly checks: readonly Check[];
  /** The first few of each verdict but `right`, field by field. Invented values only. */
  readonly examples: readonly { readonly field: string; readonly verdict: CellVerdict; readonly found: string; readonly wanted: string }[];
}

/** What a table of boundaries came to. */
export interface TriggerResult {
  readonly condition: string;
  readonly refire: Refire;
  /** Steps of all rows. */
  readonly totals: Readonly<Record<FiringVerdict, number>>;
  readonly rows: readonly TriggerRow[];
}

/** What one record went through. */
export interface TriggerRow {
  /** `score: 49 → 50 → 51` */
  readonly row: string;
  /** `expected`: how often it should fire after that write: `1`, `0 or 1`. `fired`: how often it was seen to. */
  readonly steps: readonly { readonly expected: string; readonly fired: number; readonly verdict: FiringVerdict; readonly why?: string }[];
}
