import { type CallOptions, isRunbackError } from '../../lib/index.js';
import type { PlatformRecord } from '../../records/index.js';
import { type ApplyDeps } from '../apply/apply.js';
import { verifyRestore } from '../apply/verify.js';
import { schemaOf } from '../records/platform-items.js';
import type { VerifySummary } from '../types.js';
import { compareSet, type SetSync } from './compare-set.js';
import { recordsOn } from './rows.js';
import { plansOf } from './set-file.js';
import type { PlanSet, SetComparison } from './types.js';

/** Outcome of verifying a set: each plan by itself, and both systems against each other as they are now. */
export interface SetVerification extends SetComparison {
  readonly set: string;
  readonly plans: readonly VerifySummary[];
}

/**
 * Reads both platforms again, checks each plan, and holds the platforms against each other, whole. Writes nothing. Where the
 * snapshot of the set is gone, records without a counterpart count as differences.
 */
export async function verifySet(
  set: PlanSet,
  deps: { readonly depsOf: (platform: string) => ApplyDeps; readonly syncs: readonly SetSync[] },
  options: CallOptions = {},
): Promise<SetVerification> {
  const [first] = set.sides;
  const { store, catalog } = deps.depsOf(first?.platform ?? '');
  const plans = await plansOf(store, set);
  const verified: VerifySummary[] = [];
  for (const [platform, { header }] of plans) verified.push(await verifyRestore(header.id, deps.depsOf(platform), options));
  const base = await catalog.open(set.base).catch((error: unknown) => {
    if (isRunbackError(error, 'not-found')) return undefined;
    throw error;
  });
  try {
    const records = (platform: string, object: string): AsyncIterable<PlatformRecord> | string => {
      const plan = plans.get(platform);
      return plan === undefined
        ? `there is no plan for ${platform}`
        : recordsOn(deps.depsOf(platform).platform.connector, schemaOf(plan.schema, object), options);
    };
    const { comparison } = await compareSet({ syncs: deps.syncs, plans, base, records, planned: false }, options);
    return { set: set.id, plans: verified, ...comparison };
  } finally {
    await base?.close();
  }
}
