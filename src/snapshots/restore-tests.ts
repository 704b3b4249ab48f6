import type { Document, Store } from '../store/index.js';

/** What a restore test found that is not as the snapshot has it. */
export interface RestoreDifference {
  /**
   * `missing`: a record did not come back. `extra`: there is one that the snapshot does not hold. `wrong`: a cell holds
   * something else. `unreadable`: the keys from `key` to `lastKey` lie in a part that cannot be read.
   */
  readonly kind: 'missing' | 'extra' | 'wrong' | 'missing-link' | 'extra-link' | 'unreadable';
  /** Object type, or `<from>~<to>~<kind>`. */
  readonly object: string;
  /** In the snapshot; of what is only on the stage, its key there. Of a link, that of its first end. */
  readonly key: string;
  readonly lastKey?: string;
  readonly field?: string;
  /** Other end of a link. */
  readonly to?: string;
}

/** What no restore can bring back of an object type or kind of link. */
export interface SetApart {
  readonly object: string;
  /** Absent where it is not about one field. */
  readonly field?: string;
  readonly why: string;
  /** How many records hold something there, or how many links. */
  readonly count: number;
}

/** What a restore test came to for one platform of a snapshot. Names and keys, and no values. Times are ISO 8601, UTC. */
export interface RestoreTest {
  readonly at: string;
  readonly by: string;
  /** In words: `a HubSpot sandbox on this machine`. */
  readonly where: string;
  readonly passed: boolean;
  /** What the restore took, its plan included: milliseconds. */
  readonly restoreMs: number;
  /** What it may take. */
  readonly withinMs?: number;
  /** Compared. */
  readonly records: number;
  readonly cells: number;
  readonly links: number;
  readonly differences: Readonly<Record<RestoreDifference['kind'], number>>;
  /** The first of them. */
  readonly examples: readonly RestoreDifference[];
  /** Why the restore did not come to its end. */
  readonly stopped?: string;
  /** What no restore can bring back, and so was not compared. */
  readonly apart: readonly SetApart[];
  /** What of the snapshot could not be put on the stage at all. */
  readonly notTested: readonly { readonly object: string; readonly why: string }[];
}

/** What is kept of the restore tests of a snapshot: the last one of each platform. */
export interface RestoreTests {
  readonly version: 1;
  /** Digest of the snapshot that was tested: they say nothing of another file. */
  readonly digest: string;
  /** By the name of the platform. */
  readonly platforms: Readonly<Record<string, RestoreTest>>;
}

/**
 * How the restore of a snapshot is proven. `proven`: the last test of each of its platforms passed. `partly`: not all of
 * them were tested. `failed`: the last test of one failed.
 */
export interface RestoreProof {
  readonly state: 'proven' | 'partly' | 'failed';
  /** Of the oldest test that counts; of the failed one. */
  readonly at: string;
  /** All platforms together, milliseconds. */
  readonly restoreMs: number;
  readonly platforms: Readonly<Record<string, RestoreTest>>;
}

/** The restore tests of a snapshot. */
export function restoreTestsOf(store: Store, snapshot: string): Document<RestoreTests> {
  return store.document<RestoreTests>('restore-tests', snapshot);
}

/** Keeps what a restore test of one platform came to. Tests of another file of that name are forgotten. */
export async function keepRestoreTest(
  store: Store,
  { id, digest }: { readonly id: string; readonly digest: string },
  platform: string,
  test: RestoreTest,
): Promise<void> {
  await restoreTestsOf(store, id).update((current) => ({
    version: 1,
    digest,
    platforms: { ...(current?.digest === digest ? current.platforms : {}), [platform]: test },
  }));
}

/** What the tests say of a file with this digest that holds these platforms; undefined where none was tested. Pure. */
export function proofOf(tests: RestoreTests | undefined, digest: string, platforms: readonly string[]): RestoreProof | undefined {
  if (tests === undefined || tests.digest !== digest) return undefined;
  const known = platforms.flatMap((name) => {
    const test = Object.hasOwn(tests.platforms, name) ? tests.platforms[name] : undefined;
    return test === undefined ? [] : [test];
  });
  const oldestFirst = known.toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const shown = oldestFirst.findLast(({ passed }) => !passed) ?? oldestFirst[0];
  if (shown === undefined) return undefined;
  return {
    state: shown.passed ? (known.length === platforms.length ? 'proven' : 'partly') : 'failed',
    at: shown.at,
    restoreMs: known.reduce((sum, { restoreMs }) => sum + restoreMs, 0),
    platforms: tests.platforms,
  };
}
