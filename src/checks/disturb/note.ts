import type { Store } from '../../store/index.js';
import type { DisturbanceKind } from './schema.js';

/** Where disturbances are written down, a document a run of a test. */
const DISTURBANCES_KIND = 'test-disturbances';
/** Whoever disturbs, and whoever ends what is left of it, holds this lock: no one ends what still has to last. */
export const DISTURBING = 'test-disturbances';

/** How a disturbance is made and ended: all that is needed, so that the test's file may change in between. */
export type Means =
  /** A fault of a local sandbox, by the name that it is armed under. */
  | { readonly kind: 'fault'; readonly platform: string; readonly name: string }
  /** A pair of programs. `mark`: what they have in their environment. */
  | { readonly kind: 'programs'; readonly break: readonly string[]; readonly mend: readonly string[]; readonly mark: string }
  /** Our own proxy: it ends with the process that it is in. */
  | { readonly kind: 'proxy' };

/** One disturbance as it is written down: before it begins, when it is there, and when it has ended. */
export interface NotedDisturbance {
  readonly what: DisturbanceKind | 'programs';
  readonly means: Means;
  readonly state: 'begins' | 'there' | 'ended';
}

/** The disturbances of one run. */
export interface DisturbanceNote {
  readonly version: 1;
  /** That of the run. */
  readonly id: string;
  readonly test: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly disturbances: readonly NotedDisturbance[];
}

/** The notes of one run, on disk whenever a method has returned. */
export class DisturbanceNotes {
  constructor(
    private readonly store: Store,
    private readonly note: Omit<DisturbanceNote, 'version' | 'disturbances'>,
  ) {}

  /** Writes one down under its number, or what became of it. */
  async put(n: number, one: NotedDisturbance): Promise<void> {
    await this.store.document<DisturbanceNote>(DISTURBANCES_KIND, this.note.id).update((now) => {
      const disturbances = [...(now?.disturbances ?? [])];
      disturbances[n] = one;
      return { version: 1, ...this.note, disturbances };
    });
  }
}

/** Runs of which a disturbance may still be there, the oldest first. Throws `document-damaged`. */
export async function disturbancesLeft(store: Store): Promise<readonly DisturbanceNote[]> {
  const ids = await store.list(DISTURBANCES_KIND);
  const notes = await Promise.all(ids.map(async (id) => await store.document<DisturbanceNote>(DISTURBANCES_KIND, id).read()));
  return notes.filter((note) => note !== undefined).filter(({ disturbances }) => disturbances.some(isLeft));
}

/** Whether it may still be there. A number that was never written down leaves a hole, which a document keeps as null. */
export const isLeft = (one: NotedDisturbance | null | undefined): boolean =>
  one !== null && one !== undefined && one.state !== 'ended' && one.means.kind !== 'proxy';

/** Says that nothing of a run is left. */
export async function keepEnded(store: Store, id: string, n: number): Promise<void> {
  await store.document<DisturbanceNote>(DISTURBANCES_KIND, id).update((now) => {
    if (now === undefined) throw new TypeError(`${id} has disturbances`);
    return { ...now, disturbances: now.disturbances.map((one, index) => (index === n ? { ...one, state: 'ended' as const } : one)) };
  });
}
