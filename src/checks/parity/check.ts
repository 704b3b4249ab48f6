import { identifyPlatform, type Platform, SETTING_AREAS } from '../../connectors/index.js';
import { type CallOptions, isRunbackError } from '../../lib/index.js';
import { type Apart, compareSetups, type Comparison, credentialsApart, guardStage, identitiesApart, readSetup } from '../../stages/index.js';
import { judge, type Open } from './accept.js';
import { lookForLeak, unprovenOf } from './leak.js';
import type { NamedCheck } from './load.js';
import { configOf, driverDeps, type ParityDeps, withPlatform } from './open.js';
import type { AreaCounts, LeakResult, ParityResult } from './result.js';

export interface ParityOptions {
  /** Nothing is written into the test environment, and no leak is looked for. */
  readonly skipLeak?: boolean;
}

/**
 * Compares a test environment with the production that it stands for, and looks for a leak between them. Production is only
 * read. Secrets are compared before either is asked anything; where the two have one in common, or are one account,
 * nothing is compared and nothing written. Throws what reaching them throws.
 */
export async function checkParity(check: NamedCheck, deps: ParityDeps, options: ParityOptions, call: CallOptions): Promise<ParityResult> {
  const [test, production] = [configOf(deps, check.test), configOf(deps, check.production)];
  const at = deps.clock.now().toISOString();
  const credentials = await credentialsApart(test, production, deps.secret);
  if (credentials.is === 'same')
    return refused(check, at, [credentials], `${test.name} and ${production.name} have the same credentials under two names.`);
  return await withPlatform(
    production.name,
    deps,
    call,
    async (theirs) =>
      await withPlatform(test.name, deps, call, async (ours) => await compared({ check, at, credentials, ours, theirs }, deps, options, call)),
  );
}

interface Sides {
  readonly check: NamedCheck;
  readonly at: string;
  readonly credentials: Apart;
  readonly ours: Platform;
  readonly theirs: Platform;
}

async function compared(sides: Sides, deps: ParityDeps, options: ParityOptions, call: CallOptions): Promise<ParityResult> {
  const { check, at, credentials, ours, theirs } = sides;
  const apart = [credentials, ...identitiesApart(ours.identity, theirs.identity)];
  const unseen = await guarded(ours, deps, call);
  if (typeof unseen === 'string') return refused(check, at, apart, unseen);
  const objects = check.objects ?? objectsOf(ours, theirs);
  const request = { objects, areas: check.areas };
  const test = await readSetup(ours, request, call);
  const comparison = compareSetups(test, await readSetup(theirs, request, call), check.areas);
  const leak = await leakOf(check, ours, deps, options, call);
  return verdictOf({ check, at, apart, unseen }, comparison, leak);
}

/** What guards could not look at; as a text, why the test environment is, or may be, production. */
async function guarded(ours: Platform, deps: ParityDeps, call: CallOptions): Promise<readonly string[] | string> {
  const { secret, workspace } = deps;
  try {
    return await guardStage(ours, configOf(deps, ours.name), workspace.config, {
      secret,
      identify: async (config, given) => await identifyPlatform(config, driverDeps(deps), given),
      call,
    });
  } catch (error) {
    if (!isRunbackError(error, 'stage-refused')) throw error;
    return error.why ?? error.message;
  }
}

/** Declared object types of either; all where either declares none. */
function objectsOf(ours: Platform, theirs: Platform): readonly string[] | undefined {
  return ours.objects === undefined || theirs.objects === undefined ? undefined : [...new Set([...theirs.objects, ...ours.objects])];
}

async function leakOf(check: NamedCheck, ours: Platform, deps: ParityDeps, { skipLeak }: ParityOptions, call: CallOptions): Promise<LeakResult> {
  if (check.leak === 'off') return { status: 'off' };
  return skipLeak === true ? { status: 'skipped' } : await lookForLeak(check, check.leak, ours, deps, call);
}

type Head = Pick<ParityResult, 'at' | 'apart' | 'unseen'> & { readonly check: NamedCheck };

function verdictOf({ check, at, apart, unseen }: Head, { items, none }: Comparison, leak: LeakResult): ParityResult {
  const open = items.flatMap(({ is, ...item }): Open[] => (is === 'same' ? [] : [{ ...item, is }]));
  const judged = judge([...open, ...unprovenOf(leak)], check.accepted, at.slice(0, 10));
  const has = (status: string): boolean => judged.items.some((one) => one.status === status);
  const counts = SETTING_AREAS.flatMap((area): AreaCounts[] => {
    const same = items.filter((one) => one.area === area && one.is === 'same').length;
    const of = (status: string): number => judged.items.filter((one) => one.area === area && one.status === status).length;
    const one = { area, same, accepted: of('accepted'), different: of('different'), unreadable: of('unreadable') };
    return one.same + one.accepted + one.different + one.unreadable === 0 ? [] : [one];
  });
  return {
    check: check.name,
    test: check.test,
    production: check.production,
    at,
    verdict: has('different') || leak.status === 'leaked' ? 'different' : has('unreadable') ? 'unproven' : 'like',
    apart,
    counts,
    items: judged.items,
    none,
    left_out: SETTING_AREAS.filter((area) => !check.areas.includes(area)),
    unneeded: judged.unneeded,
    leak,
    unseen,
  };
}

function refused({ name, test, production }: NamedCheck, at: string, apart: readonly Apart[], because: string): ParityResult {
  const nothing = { counts: [], items: [], none: [], left_out: [], unneeded: [], unseen: [] };
  return { check: name, test, production, at, verdict: 'refused', because, apart, ...nothing, leak: { status: 'skipped' } };
}
