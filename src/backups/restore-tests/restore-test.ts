import { type CallOptions, defined, isRunbackError, type RunbackError } from '../../lib/index.js';
import { type Catalog, keepRestoreTest, type RestoreTest, type SnapshotReader, type SnapshotSummary } from '../../snapshots/index.js';
import { type EmptyStageDeps, openEmptyStage, restoreInto } from '../../stages/index.js';
import type { Store } from '../../store/index.js';
import type { SecretRef } from '../../workspace/index.js';
import { compareRestored } from './compare.js';
import { Findings } from './findings.js';

/** Which restore is tested. */
export interface RestoreTestRequest {
  readonly snapshot: SnapshotSummary;
  /** Name of the platform in it. */
  readonly platform: string;
  /** Where it is restored, for a platform that there is no sandbox of. */
  readonly into?: SecretRef;
  /** How long the restore may take. */
  readonly withinMs?: number;
  readonly by: string;
  /** An empty folder for the plan, the journal and everything else that the restore leaves. */
  readonly folder: string;
}

/** What a restore test works with. */
export interface RestoreTestDeps extends EmptyStageDeps {
  /** Where the result is kept. */
  readonly store: Store;
  readonly catalog: Catalog;
  /** Tells what is being done, in words. */
  readonly doing: (what: string) => void;
}

/**
 * Restores one platform of a snapshot into an empty place, as `restore plan` and `restore apply` do it, and compares
 * every cell there with the snapshot. The result is kept beside the snapshot. Nothing is written to the platform that
 * the snapshot is of. Throws where no result came about: what {@link openEmptyStage} throws, `snapshot-replaced`, and
 * `interrupted`.
 */
export async function testRestore(request: RestoreTestRequest, deps: RestoreTestDeps, call: CallOptions): Promise<RestoreTest> {
  const { snapshot, platform } = request;
  const reader = await deps.catalog.open(snapshot.id);
  try {
    const test = await tested(request, reader, deps, call).catch((error: unknown) => {
      if (!isRunbackError(error, 'snapshot-damaged')) throw error;
      return notReadable(request, error, deps);
    });
    await keepRestoreTest(deps.store, snapshot, platform, test);
    return test;
  } finally {
    await reader.close();
  }
}

async function tested(request: RestoreTestRequest, reader: SnapshotReader, deps: RestoreTestDeps, call: CallOptions): Promise<RestoreTest> {
  const { platform, into, withinMs, by } = request;
  deps.doing(`Preparing an empty place for ${platform}`);
  const stage = await openEmptyStage({ snapshot: reader, platform, ...defined({ into }) }, deps, call);
  try {
    const restored = await restoreInto(stage, { ...request, snapshot: request.snapshot.id }, deps, call);
    deps.doing(`Comparing ${platform} with the snapshot, cell by cell`);
    const { restoreMs, stopped, keyMap } = restored;
    const { platform: there, schema, leftOut } = stage;
    const findings = await compareRestored({ snapshot: reader, platform: there, schema, keyMap, leftOut }, call);
    const inTime = withinMs === undefined || restoreMs <= withinMs;
    return {
      at: deps.clock.now().toISOString(),
      by,
      where: stage.label,
      passed: findings.isClean && stopped === undefined && inTime,
      restoreMs,
      ...defined({ withinMs, stopped }),
      ...findings.result(),
      notTested: [...stage.notThere, ...refusedIn(reader, platform)],
    };
  } finally {
    await stage.stop();
  }
}

/** What the snapshot itself does not hold. */
const refusedIn = ({ manifest }: SnapshotReader, platform: string): RestoreTest['notTested'] =>
  manifest.refused.filter((gap) => gap.platform === platform).map(({ object, why }) => ({ object, why: `the snapshot does not hold it: ${why}` }));

/** A snapshot whose description of its object types cannot be read: nothing can be made of it. */
function notReadable({ platform, by, withinMs }: RestoreTestRequest, error: RunbackError, { clock }: RestoreTestDeps): RestoreTest {
  const findings = new Findings();
  findings.differs({ kind: 'unreadable', object: platform, key: '' });
  const words = `${error.message}${error.why === undefined ? '' : `: ${error.why}`}`;
  const result = { ...findings.result(), examples: [] };
  return {
    at: clock.now().toISOString(),
    by,
    where: 'nowhere',
    passed: false,
    restoreMs: 0,
    ...defined({ withinMs }),
    stopped: words,
    ...result,
    notTested: [],
  };
}
