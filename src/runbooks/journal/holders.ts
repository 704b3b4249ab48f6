import { sha256 } from '../../lib/index.js';
import type { HolderLook } from '../../restores/index.js';
import type { Store } from '../../store/index.js';
import { isClosed } from './run-record.js';
import { deriveRun, RUNS } from './state.js';

/** What became of a dead holder of a platform's lock: a run, or a restore on its own. */
export function holdersOf(store: Store): HolderLook {
  return async (dead) => {
    const { lookAtJournal, restoreHolders } = await import('../../restores/index.js');
    const { holder } = dead;
    if (!holder.startsWith('run-')) return await restoreHolders(store)(dead);
    return await lookAtJournal(async () => {
      const run = await deriveRun(holder, store.journal(RUNS, holder).read());
      // Killed before its first line was whole: it did nothing.
      if (run.lastSeq === 0 || isClosed(run)) return { state: 'over' };
      const giveUp = `runback runbook abort ${holder} --reason "…"`;
      // A resume refuses a text that is not the one it was started with; it can only be given up.
      if (sha256(run.created.runbook.text) !== run.created.runbook.digest) return { state: 'unfinished', next: giveUp };
      return { state: 'unfinished', next: `runback runbook ${run.undoing ? 'undo' : 'resume'} ${holder}\nOr, to give it up: ${giveUp}` };
    });
  };
}
