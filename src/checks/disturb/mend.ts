import type { CallOptions } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import { type MeansDeps, mendBy } from './means.js';
import { DISTURBING, isLeft, keepEnded, disturbancesLeft } from './note.js';

/** A disturbance that was left and has ended now. */
export interface Mended {
  readonly run: string;
  readonly test: string;
  readonly what: string;
}

/**
 * Ends what tests that were killed have left disturbed; all of it, or that of one run. May be called again, whatever ended
 * it. `believe`: a person says that it has ended, so that nothing is done. Throws `locked` while a test disturbs, `disturbance-left` with the command
 * that ends it.
 */
export async function endDisturbances(
  { run, believe = false }: { readonly run?: string; readonly believe?: boolean },
  deps: MeansDeps & { readonly store: Store; readonly by: string },
  call: CallOptions,
): Promise<readonly Mended[]> {
  const { store, by } = deps;
  const left = (await disturbancesLeft(store)).filter(({ id }) => run === undefined || id === run);
  if (left.length === 0) return [];
  const purpose = 'end what a test has disturbed';
  const lock = await store.lock(DISTURBING, { by, holder: left[0]?.id ?? '', purpose }, { breakDead: true, lapse: true });
  const ended: Mended[] = [];
  try {
    for (const { id, test, disturbances } of left)
      for (const [n, one] of disturbances.entries()) {
        if (!isLeft(one) || one.means.kind === 'proxy') continue;
        if (!believe) await mendBy(one.means, id, deps, call);
        await keepEnded(store, id, n);
        ended.push({ run: id, test, what: one.what });
      }
  } finally {
    await lock.release();
  }
  return ended;
}
