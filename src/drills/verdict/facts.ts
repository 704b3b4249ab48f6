import type { IntegrationEvent } from '../../stages/index.js';
import type { GuidedReport } from '../rehearsal/guided.js';
import type { OperatorReport, StepNews } from '../rehearsal/operator.js';
import type { Judged } from '../rehearsal/truth-book.js';

/** Everything that a scorecard is made from. Times are milliseconds since 1970. */
export interface Facts {
  /** Cells, links and records that the fault changed. */
  readonly struck: number;
  readonly judged: Judged;
  readonly report: OperatorReport | GuidedReport;
  /** What the steps did, in the order in which they told. */
  readonly steps: readonly (StepNews & { readonly action?: string })[];
  /** What the sync did; undefined where the stage has none of its own. */
  readonly sync?: { readonly log: readonly IntegrationEvent[]; readonly paused: boolean };
  /** Mails and automations that the restore set off; undefined where the stage cannot tell. */
  readonly sideEffects?: readonly string[];
  readonly snapshotAt: number;
  readonly struckAt: number;
  readonly endedAt: number;
}
