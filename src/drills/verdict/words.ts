import type { CheckName } from './checks.js';

/** What the checks of a scorecard are called on the screen and in reports. */
export const CHECK_WORDS: Readonly<Record<CheckName, string>> = {
  took_effect: 'the failure took effect',
  ended: 'the run came to its end',
  repaired: 'damage repaired',
  innocent_changed: 'innocent cells changed',
  edits_kept: 'legitimate edits kept',
  links: 'damaged links',
  consent: 'opt-outs',
  duplicates: 'superfluous records',
  side_effects: 'side effects of the restore',
  paused_while_written: 'syncs while it wrote',
  resumed_after_verification: 'syncs started again',
  syncs_as_before: 'syncs in the end',
  recovery_time: 'time to recover',
  data_loss_window: 'data-loss window',
  answered: 'someone answered',
};

/** A verdict in words. */
export function verdictWords({ passed, mustFail }: { readonly passed: boolean; readonly mustFail?: readonly string[] }): string {
  if (mustFail === undefined) return passed ? 'passed' : 'failed';
  return passed ? 'failed as it must' : 'did not fail as it must';
}
