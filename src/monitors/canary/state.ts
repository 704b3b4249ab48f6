import { defined } from '../../lib/index.js';
import type { JournalEntry } from '../../store/index.js';
import type { SeenLabels } from './fit.js';
import type { CanaryBecause, CanaryResult, CanaryVerdict } from './verdict.js';

/** What is written down before the one write of a run: `canary.intent`. Holds no value but the text itself. */
export interface CanaryIntent {
  readonly run: string;
  readonly nonce: string;
  readonly account: string;
  /** SHA-256 of everything else that the record held, and of what stood on the other side. */
  readonly others: string;
  readonly stoodThere: string;
  readonly labels: SeenLabels;
}

/** A run that has not ended. */
export interface OpenRun extends CanaryIntent {
  /** When the write was about to be sent, ISO 8601, UTC. */
  readonly at: string;
  /** What became of the write: absent where nobody knows. `in-doubt`: its answer was lost. */
  readonly written?: 'applied' | 'in-doubt';
  /** The record was read after the write, and holds the text and nothing else that is new. */
  readonly verified?: true;
  /** It was looked for after its time had passed, and was not there. */
  readonly overdue?: true;
}

/** What a journal of a canary tells. */
export interface CanaryState {
  readonly open?: OpenRun;
  readonly results: readonly CanaryResult[];
  readonly labels: SeenLabels;
}

/** What ends a run: `canary.closed`. */
export interface Closing {
  readonly run: string;
  readonly verdict: CanaryVerdict;
  readonly because?: CanaryBecause;
  readonly why?: string;
  readonly tookMs?: number;
  readonly correlationId?: string;
  readonly platform?: string;
}

/** The end of a run; undefined where it has not come to it. */
export type Ended = Omit<Closing, 'run'> | undefined;

export const NO_RUNS: CanaryState = { results: [], labels: {} };

/** The state after one more entry. Pure. */
export function withEntry(canary: string, state: CanaryState, { type, at, data }: JournalEntry): CanaryState {
  const { open } = state;
  switch (type) {
    case 'canary.intent': {
      const intent = data as unknown as CanaryIntent;
      return { ...state, open: { ...intent, at }, labels: intent.labels };
    }
    case 'canary.written':
      return open === undefined ? state : { ...state, open: { ...open, written: data['status'] === 'applied' ? 'applied' : 'in-doubt' } };
    case 'canary.verified':
      return open === undefined ? state : { ...state, open: { ...open, written: 'applied', verified: true } };
    case 'canary.overdue':
      return open === undefined ? state : { ...state, open: { ...open, overdue: true } };
    case 'canary.closed': {
      const { run, verdict, because, why, tookMs, correlationId, platform } = data as unknown as Closing;
      const result = { canary, run, at, verdict, wrote: open?.run === run, ...defined({ because, why, tookMs, correlationId, platform }) };
      return { results: [...state.results, result], labels: state.labels };
    }
    default:
      return state;
  }
}
