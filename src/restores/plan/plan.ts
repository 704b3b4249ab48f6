import type { Platform, PlatformSchema } from '../../connectors/index.js';
import { silentReporter, type CallOptions, type Clock } from '../../lib/index.js';
import { setOwn } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import { readRecreations } from '../records/journal.js';
import { writePlan } from '../records/plan-file.js';
import type { PlanHeader, PlanSummary } from '../types.js';
import { contextOf, type PlanRequest } from './context-of.js';
import type { PlanContext } from './context.js';
import { withheldOf } from './coverage.js';
import { Draft } from './facts/draft.js';
import { Recorder } from './facts/recorder.js';
import { objectInfo, type SnapshotPair } from './objects/differences.js';
import { recordFacts } from './stages.js';

type PlanHead = Parameters<typeof writePlan>[2];

/** Where snapshots come from: the catalog, or anything that opens one by id. */
interface SnapshotSource {
  open(id: string): Promise<SnapshotReader>;
}

/** What every call of this folder needs. */
export interface RestoreDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: SnapshotSource;
  readonly platform: Platform;
  /** A person said that the very same platform is now at this address. */
  readonly movedTo?: string;
}

/**
 * Works out what would turn live into what it should be, and saves it as a plan. Base and damaged are compared offline;
 * live is read only for the keys that differ. Writes nothing to the platform.
 *
 * Throws `not-found` (snapshot, or the platform in it), `wrong-account` (a snapshot of another account),
 * `snapshots-swapped`, `object-unsupported`, `expression-invalid` (the `where` filter), `usage` (a limit that cannot be
 * honoured), and what the connector throws.
 */
export async function planRestore(request: PlanRequest, deps: RestoreDeps, options: CallOptions = {}): Promise<PlanSummary> {
  const { platform } = deps;
  const base = await deps.catalog.open(request.base);
  try {
    const damaged = await deps.catalog.open(request.damaged);
    try {
      return await planBetween({ base, damaged, platform: platform.name }, request, deps, options);
    } finally {
      await damaged.close();
    }
  } finally {
    await base.close();
  }
}

async function planBetween(pair: SnapshotPair, request: PlanRequest, deps: RestoreDeps, options: CallOptions): Promise<PlanSummary> {
  const { platform, store, clock } = deps;
  const { context, coverage } = await contextOf(pair, request, platform, readRecreations(store, platform), options);
  const { live } = context;
  const draft = new Draft(live, platform.connector.capabilities.batch.update);
  const recorder = new Recorder(draft, live, coverage.notCovered);
  await recordFacts(context, coverage.wanted, recorder, options);
  const { notCovered, nothingToDo } = recorder;
  const reporter = options.reporter ?? silentReporter;
  for (const { object, why } of notCovered) reporter.note(`${object} is not covered by this plan: ${why}.`);
  const rowsOf = (object: string): number => objectInfo(pair.damaged, platform.name, object)?.rows ?? 0;
  return writePlan(
    store,
    clock,
    headOf(context, request, { notCovered, withheld: withheldOf(pair, live, coverage.wanted) }),
    live,
    draft,
    nothingToDo,
    rowsOf,
  );
}

/** What the plan says of itself, beside what is counted in its lines. */
function headOf(
  { pair, platform, filters, live }: PlanContext,
  request: PlanRequest,
  { notCovered, withheld }: Required<Pick<PlanHeader, 'notCovered' | 'withheld'>>,
): PlanHead {
  return {
    platform: platform.name,
    account: platform.identity.account,
    address: platform.identity.address,
    environment: platform.environment,
    base: { snapshot: pair.base.header.id, digest: pair.base.digest },
    damaged: { snapshot: pair.damaged.header.id, digest: pair.damaged.digest },
    filters,
    ...(notCovered.length === 0 ? {} : { notCovered }),
    ...(Object.keys(withheld).length === 0 ? {} : { withheld }),
    ...pagesOf(platform, live),
    createdBy: request.by,
  };
}

/** The pages that show records, as far as the platform has such. */
export function pagesOf({ connector }: Platform, { objects }: PlatformSchema): Pick<PlanHeader, 'pages'> {
  const pages: Record<string, string> = {};
  for (const { object } of objects) {
    const page = connector.pageOf?.(object);
    if (page !== undefined) setOwn(pages, object, page);
  }
  return Object.keys(pages).length === 0 ? {} : { pages };
}
