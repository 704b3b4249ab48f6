import { join } from 'node:path';

import { openBeside, openPlatform, type Pace, type Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined, RunbackError } from '../../lib/index.js';
import type { Plan } from '../../restores/index.js';
import type { Sandbox } from '../../sandbox/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import type { PlatformConfig, SecretRef } from '../../workspace/index.js';
import { type EmptyStageDeps, openEmptyStage, pacedAs, platformIn, sandboxOf } from '../empty/empty.js';
import { restoreInto } from '../empty/restore-into.js';
import { contentsOf } from '../local/contents.js';
import type { LocalPlatform } from '../local/local.js';
import { sideEffectsOf } from '../local/start.js';
import { keepTruth, type KeptTruth } from '../truth.js';
import { latencyOf } from './account.js';
import { asPlanned, Wanted } from './as-planned.js';
import { type CallTrace, skippingClock } from './calls.js';

/** A place that holds what a plan is to repair, and that nothing leads out of. */
export interface RehearsalStage {
  /** In words: `a HubSpot sandbox on this machine`. */
  readonly label: string;
  /** Whoever works there goes by it: a wait that is part of a call takes no time. */
  readonly clock: Clock;
  /** How it differs from what it stands for, in words. */
  readonly lacks: readonly string[];
  /** What nobody can know of that by trying it here, in words. */
  readonly cannotKnow: readonly string[];
  /** Connects anew, as a command does; `trace` is told of every call from then on. Close it. */
  open(trace: CallTrace, call: CallOptions): Promise<Platform>;
  /** How fast calls may be made by the settings alone; undefined where nothing limits them. */
  settledPace(): Promise<Pace | undefined>;
  /** Everything that is there; absent where that can be read as a platform only. */
  readonly truth?: () => KeptTruth;
  /** How long a call takes there, where calls themselves are not told of. */
  readonly latencyMs?: number;
  /** What writes have set off so far beside records, in words. */
  sideEffects(): readonly string[];
  /** Takes everything away that was made. May be called twice. */
  stop(): Promise<void>;
}

/** Records of a snapshot that are held in memory whole. */
const MOST_WHOLE = 50_000;

/** What a stage for a rehearsal is opened with. */
export interface RehearsalStageDeps extends EmptyStageDeps {
  readonly catalog: { open(id: string): Promise<SnapshotReader> };
  /** Tells what is being done, in words. */
  readonly doing: (what: string) => void;
  /** Shown the sandbox once it is filled: for what a real account does by itself, as far as somebody knows it. */
  readonly staged?: (sandbox: Sandbox) => void;
  /** Of a snapshot of more records, a sandbox gets only those that the plan touches. */
  readonly mostWhole?: number;
}

export interface RehearsalStageRequest {
  readonly snapshot: SnapshotReader;
  readonly plan: Plan;
  /** Address of an empty place for a platform that there is no sandbox of. */
  readonly into?: SecretRef;
  readonly by: string;
  /** An empty folder, for what filling that leaves. */
  readonly folder: string;
}

/**
 * Opens a place for a plan, filled with a snapshot and, in a sandbox on this machine, with what the plan saw. Throws
 * `usage` where the plan writes an object type that there is no sandbox of, and what reading the snapshot throws.
 */
export async function openRehearsalStage(request: RehearsalStageRequest, deps: RehearsalStageDeps, call: CallOptions): Promise<RehearsalStage> {
  const { snapshot, plan } = request;
  const { platform } = plan.header;
  const of = platformIn(snapshot, platform);
  const local = sandboxOf(of.connector);
  return local === undefined ? await openElsewhere(request, deps, call) : await openLocal(local, request, deps, call);
}

async function openLocal(
  kind: LocalPlatform,
  { snapshot, plan }: RehearsalStageRequest,
  deps: RehearsalStageDeps,
  call: CallOptions,
): Promise<RehearsalStage> {
  const { platform } = plan.header;
  const wanted = await Wanted.of(plan);
  const rows = snapshot.manifest.objects.filter((info) => info.platform === platform).reduce((sum, info) => sum + info.rows, 0);
  const isLarge = rows > (deps.mostWhole ?? MOST_WHOLE);
  const source = { snapshot, platform, records: Number.POSITIVE_INFINITY, mask: [], ...(isLarge ? { only: wanted.keys } : {}) };
  const contents = asPlanned(await contentsOf(source, kind.connector, kind.knows, call), wanted);
  const objects = contents.objects.map(({ schema }) => schema.object);
  const unknown = [...wanted.keys.keys()].find((object) => !objects.includes(object));
  if (unknown !== undefined)
    throw new RunbackError('usage', `Plan ${plan.header.id} cannot be rehearsed`, {
      why: `It writes ${unknown}, and there is no sandbox of that on this machine: it has ${objects.join(', ')}.`,
      state: 'Nothing was started.',
      next: `Rehearse the rest: runback restore plan --platform ${platform} --base ${plan.header.base.snapshot} --object ${objects.join(' --object ')}`,
    });
  let trace: CallTrace | undefined;
  const clock = skippingClock(deps.clock, (ms) => trace?.pause(ms));
  const sandbox = await kind.start({ seed: 1, fill: contents, clock, unlimited: true });
  deps.staged?.(sandbox);
  const { limits, options } = pacedAs(deps.workspace, platform, kind);
  // How fast it may go is worked out afterwards.
  const { requests_per_10s: _, requests_per_day: __, ...others } = limits;
  const config: PlatformConfig = {
    name: platform,
    connector: kind.connector,
    environment: 'sandbox',
    account: sandbox.account,
    url: sandbox.url,
    credentials: { token: 'env:RUNBACK_SANDBOX_TOKEN' as SecretRef },
    objects,
    limits: others,
    options,
  };
  return {
    label: kind.label,
    clock,
    lacks: [
      ...(isLarge ? [`of the ${String(rows)} records of the snapshot, it has only those that the plan touches`] : contents.lacks),
      ...kind.differsFilled,
      ...kind.differs,
    ],
    cannotKnow: [...(isLarge ? ['whether a value that has to be unique is held by a record that the plan does not touch'] : []), ...kind.cannotKnow],
    open: async (watch, opening) => {
      trace = watch;
      // No proxy, and no secret but the one of the sandbox: nothing leaves this machine.
      const secret = async (): Promise<string> => await Promise.resolve(sandbox.token);
      return await openPlatform(config, { secret, clock, environment: {}, watch, writes: 'private' }, opening);
    },
    settledPace: async () => {
      const asSet = { ...config, limits };
      const connector = await openBeside(asSet, { secret: async () => await Promise.resolve(sandbox.token), clock });
      try {
        return connector.pace?.();
      } finally {
        await connector.close();
      }
    },
    truth: () => keepTruth(sandbox, objects),
    sideEffects: () => sideEffectsOf(sandbox),
    stop: async () => await sandbox.stop(),
  };
}

/**
 * Opens an empty place that a person names, and restores the snapshot into it. What was edited between the snapshot and
 * the plan is as in the snapshot there. Throws as {@link openEmptyStage} does.
 */
async function openElsewhere(request: RehearsalStageRequest, deps: RehearsalStageDeps, call: CallOptions): Promise<RehearsalStage> {
  const { snapshot, plan, into, by, folder } = request;
  const empty = await openEmptyStage({ snapshot, platform: plan.header.platform, ...defined({ into }) }, deps, call);
  try {
    const { stopped } = await restoreInto(empty, { snapshot: snapshot.header.id, by, folder: join(folder, 'loaded') }, deps, call);
    const latencyMs = await latencyOf(plan, empty.platform, deps.clock, call);
    return {
      label: empty.label,
      clock: deps.clock,
      lacks: [
        ...(stopped === undefined ? [] : [stopped]),
        ...empty.notThere.map(({ object, why }) => `${object} is not there: ${why}`),
        ...empty.lacks,
        'what was edited between the snapshot and the plan is as in the snapshot',
      ],
      cannotKnow: [
        'what triggers, rules and programs that listen to the database do with these changes',
        'how long rows that others are working on are locked',
        'whether the database itself is faster or slower than this one',
      ],
      open: async (_trace, opening) => await empty.connect(opening),
      settledPace: async () => await Promise.resolve(undefined),
      ...defined({ latencyMs }),
      sideEffects: () => [],
      stop: async () => await empty.stop(),
    };
  } catch (error) {
    await empty.stop();
    throw error;
  }
}
