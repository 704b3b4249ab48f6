import type { RaceVerdict } from './parallel/race.js';
import type { JourneyVerdict } from './persona/facts.js';

/** What a journey came to. */
export interface JourneyResult {
  readonly people: number;
  readonly steps: readonly JourneyStepResult[];
}

/** What everything that was wanted so far came to after one step. */
export interface JourneyStepResult {
  /** `4 Attends (wait: …)` */
  readonly step: string;
  readonly tookMs: number;
  /** Things that are wanted, of all people together. What was told of after an earlier step is not counted again. */
  readonly totals: Readonly<Record<JourneyVerdict, number>>;
  /** Told of after an earlier step, and still so. */
  readonly still: number;
  /** The first few of each kind that are not as wanted. Invented values only. */
  readonly examples: readonly JourneyExample[];
}

export interface JourneyExample {
  readonly person: string;
  /** `lead.LeadSource` */
  readonly where: string;
  readonly verdict: JourneyVerdict;
  readonly found: string;
  readonly wanted: string;
  /** Of what was lost: the step since which it was right. */
  readonly since?: number;
  /** Who wrote last there, as the platform names writers. */
  readonly by?: string;
}

/** What several writers at the same time came to. */
export interface ParallelResult {
  readonly seed: number;
  readonly records: number;
  readonly writers: readonly string[];
  readonly writes: { readonly acknowledged: number; readonly unanswered: number; readonly refused: number };
  /** Records, by what became of each. */
  readonly totals: Readonly<Record<RaceVerdict, number>>;
  /** Fields whose history no platform tells: what was lost and came again there is not known. */
  readonly untold: readonly string[];
  /** The first few of each verdict but `explained`. Invented values only. */
  readonly examples: readonly {
    readonly record: number;
    readonly verdict: RaceVerdict;
    readonly where?: string;
    readonly found?: string;
    /** Its writers, in the order in which their writes were answered. */
    readonly order: string;
  }[];
}
