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
