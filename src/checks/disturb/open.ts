import type { CallOptions } from '../../lib/index.js';
import { guardOf, type Store } from '../../store/index.js';
import { SECRET_REF, type SecretRef } from '../../workspace/index.js';
import type { LoadTest } from '../document/load.js';
import { Disturbances } from './disturbances.js';
import type { MeansDeps } from './means.js';
import { DisturbanceNotes, DISTURBING } from './note.js';
import { plannedOf } from './plan.js';
import { startProxy } from './proxy.js';

/** What happens to one load. */
export interface OpenDisturbances {
  readonly disturbances: Disturbances;
  /** Ends whatever lasts, then the proxy. Throws `disturbance-left`. */
  close(): Promise<void>;
}

export interface OpeningDeps extends MeansDeps {
  readonly store: Store;
  readonly by: string;
  readonly call: CallOptions;
  readonly tell?: ((what: string) => void) | undefined;
  /** Throws `stage-refused` for a platform that is, or may be, production. */
  readonly guardPlatform: (name: string) => Promise<void>;
  /** The same for what the proxy passes on to. */
  readonly guardTarget: (url: URL) => Promise<void>;
}

/**
 * Gets everything ready that a test is to be disturbed by; nothing is disturbed yet. Throws `locked` where another test disturbs, `stage-refused`,
 * `fault-impossible`.
 */
export async function openDisturbances(
  { id: test, document }: LoadTest,
  { run, startedAt }: { readonly run: string; readonly startedAt: string },
  deps: OpeningDeps,
): Promise<OpenDisturbances> {
  const { disturb = [], load, arrives, proxy: declared } = document;
  const { store, by, clock, call, tell, secret } = deps;
  for (const { on } of disturb) if (on !== undefined && on !== 'proxy') await deps.guardPlatform(on);
  const target = declared === undefined ? undefined : new URL(SECRET_REF.test(declared.to) ? await secret(declared.to as SecretRef) : declared.to);
  if (target !== undefined) await deps.guardTarget(target);
  const lock = await store.lock(DISTURBING, { by, holder: run, purpose: `test ${test} disturbs` }, { breakDead: true, lapse: true });
  try {
    const proxy = declared === undefined || target === undefined ? undefined : await startProxy(declared.listen, target);
    const [first] = arrives;
    const platform = first?.in.slice(0, first.in.indexOf('/')) ?? '';
    const notes = new DisturbanceNotes(store, { id: run, test, by, startedAt });
    const planned = plannedOf(disturb, { run, platform, proxy }, deps);
    const disturbances = new Disturbances(planned, load.count, { clock, notes, call: { ...call, guard: guardOf(lock) }, ...(tell && { tell }) });
    return {
      disturbances,
      close: async () => {
        try {
          await disturbances.stop();
        } finally {
          await proxy?.close();
          await lock.release();
        }
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
