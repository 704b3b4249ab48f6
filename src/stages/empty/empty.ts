import { describeThere, identifyPlatform, openPlatform, openScratch, type Platform, type PlatformSchema } from '../../connectors/index.js';
import { type CallOptions, type Clock, RunbackError } from '../../lib/index.js';
import type { Damage, SnapshotReader } from '../../snapshots/index.js';
import type { PlatformConfig, SecretRef, WorkspaceConfig } from '../../workspace/index.js';
import { guardStage } from '../guards.js';
import { contentsOf } from '../local/contents.js';
import type { LocalPlatform } from '../local/local.js';
import { LOCAL_PLATFORMS } from '../local/registry.js';

/** A place that holds no record, with the object types, fields and settings of a snapshot: what is restored there came from the restore. */
export interface EmptyStage {
  /** In words: `a HubSpot sandbox on this machine`. */
  readonly label: string;
  /** Under the name that it has in the snapshot. */
  readonly platform: Platform;
  readonly schema: PlatformSchema;
  /** Object types of the snapshot that are not there, and why. */
  readonly notThere: readonly { readonly object: string; readonly why: string }[];
  /** Fields that hold keys of records that the snapshot does not hold: nothing can be written into them there. */
  readonly leftOut: readonly { readonly object: string; readonly field: string; readonly why: string }[];
  /** How it differs from what the snapshot is of, in words. */
  readonly lacks: readonly string[];
  /** Connects to it once more, as each command does. Close it. */
  connect(call: CallOptions): Promise<Platform>;
  /** Takes everything away that was made. May be called twice. */
  stop(): Promise<void>;
}

export interface EmptyStageRequest {
  readonly snapshot: SnapshotReader;
  /** Name of the platform in the snapshot. */
  readonly platform: string;
  /** Address of an empty place for a platform that there is no sandbox of. */
  readonly into?: SecretRef;
}

export interface EmptyStageDeps {
  readonly workspace: WorkspaceConfig;
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

/** The sandbox on this machine that stands for platforms of a connector, as snapshots name it. */
export const sandboxOf = (connector: string): LocalPlatform | undefined =>
  Object.values(LOCAL_PLATFORMS).find((kind) => kind.connector === connector);

/** A restore of a platform of this connector can be tested on this machine alone. */
export const hasSandbox = (connector: string): boolean => sandboxOf(connector) !== undefined;

/** What a snapshot says of one of its platforms. Throws `not-found`. */
export function platformIn(snapshot: SnapshotReader, platform: string): SnapshotReader['header']['platforms'][number] {
  const of = snapshot.header.platforms.find(({ name }) => name === platform);
  if (of === undefined)
    throw new RunbackError('not-found', `Snapshot ${snapshot.header.id} does not hold ${platform}`, {
      why: `It holds ${snapshot.header.platforms.map(({ name }) => name).join(', ')}.`,
      state: 'Nothing was started.',
    });
  return of;
}

/**
 * Opens an empty stage for one platform of a snapshot: a sandbox on this machine where there is one of that kind, else
 * the place that `into` names. Nothing is sent to the platform of the snapshot, but for asking production platforms of
 * the same kind who they are, so that none of them is taken for the place. Throws `usage`, `stage-refused`, `locked`,
 * `snapshot-damaged` (a description that cannot be read), and what connecting throws.
 */
export async function openEmptyStage(request: EmptyStageRequest, deps: EmptyStageDeps, call: CallOptions): Promise<EmptyStage> {
  const { snapshot, platform } = request;
  const of = platformIn(snapshot, platform);
  const local = sandboxOf(of.connector);
  return local === undefined ? await openInto(of.connector, request, deps, call) : await openLocal(local, request, deps, call);
}

async function openLocal(
  kind: LocalPlatform,
  { snapshot, platform }: EmptyStageRequest,
  deps: EmptyStageDeps,
  call: CallOptions,
): Promise<EmptyStage> {
  // What cannot be read is found by whoever compares: the settings come from what can.
  const reading = { ...call, onDamage: (_damage: Damage): void => undefined };
  const wanted = { snapshot, platform, records: Number.POSITIVE_INFINITY, mask: [] };
  const contents = await contentsOf(wanted, kind.connector, kind.knows, reading);
  const sandbox = await kind.start({ seed: 1, fill: { ...contents, onlySettings: true } });
  const stop = async (): Promise<void> => await sandbox.stop();
  try {
    const config: PlatformConfig = {
      name: platform,
      connector: kind.connector,
      environment: 'sandbox',
      account: sandbox.account,
      url: sandbox.url,
      credentials: { token: 'env:RUNBACK_SANDBOX_TOKEN' as SecretRef },
      objects: contents.objects.map(({ schema }) => schema.object),
      ...pacedAs(deps.workspace, platform, kind),
    };
    // No proxy, and no secret but the one of the sandbox: nothing leaves this machine.
    const driver = { secret: async () => await Promise.resolve(sandbox.token), clock: deps.clock, environment: {}, writes: 'private' } as const;
    const opened = await openPlatform(config, driver, call);
    const there = new Set(config.objects);
    const missing = snapshot.manifest.objects.filter((info) => info.platform === platform && !there.has(info.object));
    return {
      label: kind.label,
      platform: opened,
      schema: await opened.connector.describe(opened.objects, call),
      notThere: missing.map(({ object }) => ({ object, why: 'there is no sandbox of it' })),
      leftOut: [
        ...kind.references
          .filter(({ object, to }) => there.has(object) && !there.has(to))
          .map(({ object, field, to }) => ({ object, field, why: `it refers to ${to}, which are not there` })),
        ...(kind.leftOut?.(contents) ?? []),
      ],
      lacks: kind.differs,
      connect: async (options) => await openPlatform(config, driver, options),
      stop: async () => {
        await opened.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What decides how long a restore takes is as for the platform itself, where runback.yml still has it. */
export function pacedAs(
  { platforms }: WorkspaceConfig,
  platform: string,
  { connector, pace }: LocalPlatform,
): Pick<PlatformConfig, 'limits' | 'options'> {
  const own = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined;
  if (own === undefined || own.connector !== connector) return { limits: {}, options: {} };
  return { limits: own.limits, options: Object.fromEntries(Object.entries(own.options).filter(([name]) => pace.includes(name))) };
}

async function openInto(
  connector: string,
  { snapshot, platform, into }: EmptyStageRequest,
  deps: EmptyStageDeps,
  call: CallOptions,
): Promise<EmptyStage> {
  if (into === undefined)
    throw new RunbackError('usage', `Where is ${platform} to be restored for the test?`, {
      why: `There is no sandbox of it on this machine: an empty database is needed, on any server.`,
      state: 'Nothing was started.',
      next: 'createdb restore_test, put its URL into a variable, and name that: --into env:RESTORE_TEST_URL',
    });
  const { workspace, clock, secret, environment, redact } = deps;
  // Whoever works there holds a lock of that database itself, as long as its connection.
  const driver = { secret, clock, environment, redact, writes: 'private' } as const;
  const named = { name: platform, connector, environment: 'sandbox', url: into, credentials: {}, limits: {}, options: {} } as const;
  const identity = await identifyPlatform(named, driver, call);
  const config: PlatformConfig = { ...named, account: identity.account, environment: identity.environment ?? 'sandbox' };
  const asked = await openPlatform(config, driver, call);
  try {
    const identify = async (other: PlatformConfig, options: CallOptions) => await identifyPlatform(other, driver, options);
    await guardStage(asked, config, workspace, { secret, identify, call });
  } finally {
    await asked.close();
  }
  const described = await snapshot.schema(platform);
  const held = new Set(snapshot.manifest.objects.filter((info) => info.platform === platform).map(({ object }) => object));
  const wanted = { ...described, objects: described.objects.filter(({ object }) => held.has(object)) };
  const scratch = await openScratch(config, driver, wanted, call);
  if (scratch === undefined)
    throw new RunbackError('usage', `A snapshot of ${connector} cannot be restored into an empty place`, { state: 'Nothing was started.' });
  try {
    const refused = new Set(scratch.refused.map(({ object }) => object));
    const objects = wanted.objects.map(({ object }) => object).filter((object) => !refused.has(object));
    const opened = await openPlatform({ ...config, objects }, driver, call);
    return {
      label: `${identity.label} at ${identity.address}`,
      platform: opened,
      schema: (await describeThere(opened.connector, objects, call)).schema,
      notThere: scratch.refused,
      leftOut: [],
      lacks: scratch.lacks,
      connect: async (options) => await openPlatform({ ...config, objects }, driver, options),
      stop: async () => {
        await opened.close();
        await scratch.clear();
      },
    };
  } catch (error) {
    await scratch.clear();
    throw error;
  }
}
