import { type CallOptions, type SendGuard, silentReporter } from '../../../lib/index.js';
import type { JournalEntry, JournalWriter } from '../../../store/index.js';
import type { Batches } from '../../records/batches.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import type { RestoreSettings } from '../../records/journal.js';
import type { Checking } from './precheck.js';
import type { Stop } from './results.js';

/** What an execution works with. */
export interface Execution extends Omit<Checking, 'attempted'> {
  readonly writer: JournalWriter;
  /** Under which changes are sent. */
  readonly guard: SendGuard;
  readonly by: string;
  /** Journal entries are `<kind>.intent` and `<kind>.outcome`. */
  readonly kind: 'batch' | 'undo';
  readonly batches: Batches;
  readonly settings: RestoreSettings;
  /** False once the first batch has been read back and found right. */
  readonly canary: boolean;
  readonly total: number;
  readonly task: string;
}

/** What came of one write. */
export interface Written {
  readonly results: readonly ItemResult[];
  readonly sent: readonly JournalItem[];
  readonly stop?: Stop;
}

/** Results as the journal has them: what counts is what a resume would find, and no secret is in it. */
export function resultsIn({ data }: JournalEntry): readonly ItemResult[] {
  return data['results'] as readonly ItemResult[];
}

/** Looks that settle what was sent are not cut short by an abort: without them more would stay in doubt. */
export function lookOptions({ reporter = silentReporter }: CallOptions): CallOptions {
  return { reporter };
}
