import { isAbsolute, resolve } from 'node:path';

import { identifyPlatform, openPlatform, type Platform, type PlatformSchema, underLockIn } from '../connectors/index.js';
import { type CallOptions, type Clock, RunbackError } from '../lib/index.js';
import type { HolderLook } from '../restores/index.js';
import type { Catalog } from '../snapshots/index.js';
import type { Store } from '../store/index.js';
import { type PlatformConfig, SECRET_REF, type SecretRef, type Workspace } from '../workspace/index.js';
import type { StagedAccount } from './account.js';
import { connectorAccount } from './connector-account.js';
import { guardStage, refusedStage } from './guards.js';
import { putBackOldMarkers } from './leak/marking.js';
import { MarkerNotes } from './leak/notes.js';
import { type LeakSearch, refuseLeak, type WatchedPlatform } from './leak/refuse.js';
import { Leftovers } from './leftovers.js';
import { seedFromSnapshot } from './seed-snapshot.js';
import type { Stage } from './stage.js';
import { layWorkspace, type WorkspaceParts } from './workspace.js';

/** What a stage on a platform of the workspace is made of. */
export interface StagingOptions extends WorkspaceParts {
  /** Name in runback.yml of a platform that is no production. */
  readonly platform: string;
  /** A snapshot whose records are put there first; without one the records that are there are damaged. */
  readonly from?: string;
  /** Fields whose values are replaced by invented ones of the same form. */
  readonly mask: readonly string[];
  /** Most records of each object type that are put there. */
  readonly records: number;
}

export interface StagingDeps {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
  readonly call: CallOptions;
  /** The person who runs the drill. */
  readonly by: string;
  /** What became of a run or restore that was killed while it held the platform. */
  readonly holders: HolderLook;
}

/**
 * Opens a platform of the workspace as a stage: guarded, filled from a snapshot where one is named, and cleaned up when
 * it is stopped. What is put there is written down before it is, so that whatever ends this process, the next drill
 * takes it away first. Throws `stage-refused`, `not-found`, and what opening and reading throw.
 */
export async function openStagingStage(folder: string, options: StagingOptions, deps: StagingDeps): Promise<Stage> {
  const { workspace, call } = deps;
  const config = configOf(workspace, options.platform);
  const platform = await open(config, deps);
  try {
    const unseen = await guardStage(platform, config, workspace.config, {
      secret: deps.secret,
      identify: async (other, given) => await identifyPlatform(other, driverDeps(deps), given),
      call,
    });
    const schema = await platform.connector.describe(platform.objects, call);
    const leftovers = await Leftovers.open({ ...deps, platform, folder });
    const cleanUp = async (): Promise<void> => await leftovers.takeAway(schema, {});
    try {
      return await filled(folder, options, { platform, schema, leftovers, deps }, { config, unseen, cleanUp });
    } catch (error) {
      await cleanUp();
      throw error;
    }
  } catch (error) {
    await platform.close();
    throw error;
  }
}

/** The stage once it may be one. What earlier drills left is taken away first. */
async function filled(
  folder: string,
  options: StagingOptions,
  filling: Filling,
  { config, unseen, cleanUp }: { readonly config: PlatformConfig; readonly unseen: readonly string[]; readonly cleanUp: () => Promise<void> },
): Promise<Stage> {
  const { platform, schema, leftovers, deps } = filling;
  const { workspace, call } = deps;
  await leftovers.takeAwayOld(schema, call);
  const account = connectorAccount(platform, schema, call);
  const victims = options.from === undefined ? account : onlyOwn(account, leftovers);
  // What was there is put back after Ctrl-C too.
  const steadfast = connectorAccount(platform, schema, {});
  const notes = await MarkerNotes.open(deps.store, platform, deps.clock);
  await putBackOldMarkers(notes, steadfast);
  const marking = { name: config.name, account: steadfast, victims, notes };
  const search = async (): Promise<LeakSearch> => await refuseLeak(marking, productionsLike(config, deps));
  let found: LeakSearch | undefined;
  const firstIsThere = async (): Promise<void> => void (found = await search());
  const lacks = options.from === undefined ? [] : await fill(options, options.from, filling, firstIsThere);
  // The first record may have no text that can be marked; others may.
  const { unseen: leaks } = found?.marked === true ? found : await search();
  await layWorkspace(folder, options, { platforms: { [config.name]: movedEntry(config, workspace.root) }, syncs: {}, tokens: {} });
  let stopped = false;
  return {
    label: `${config.name}, a ${platform.environment} account (${platform.identity.label})`,
    folder,
    platform: config.name,
    environment: platform.environment === 'sandbox' ? 'sandbox' : 'staging',
    account,
    victims,
    invented: false,
    differs: [...unseen, ...lacks, ...leaks],
    secrets: await secretEnvironment(config, deps.environment),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      try {
        await cleanUp();
      } finally {
        await platform.close();
      }
    },
  };
}

/** Only records that the drill put there can be damaged, and only they are corrected meanwhile. */
function onlyOwn(account: StagedAccount, leftovers: Leftovers): StagedAccount {
  return { ...account, records: async (object) => (await account.records(object)).filter(({ key }) => leftovers.holds(object, key)) };
}

/** The production platforms of the workspace that what is written to a platform of this kind could flow on to. */
function productionsLike({ connector }: PlatformConfig, deps: StagingDeps): readonly WatchedPlatform[] {
  const { workspace, call } = deps;
  return Object.values(workspace.config.platforms)
    .filter((other) => other.environment === 'production' && other.connector === connector)
    .map((other) => ({
      name: other.name,
      record: async (object, key) => {
        const platform = await open(other, deps);
        try {
          const schema = await platform.connector.describe(platform.objects, call);
          const there = schema.objects.some((each) => each.object === object && each.refused === undefined);
          return there ? await connectorAccount(platform, schema, call).record(object, key) : undefined;
        } finally {
          await platform.close();
        }
      },
    }));
}

function configOf({ config }: Workspace, name: string): PlatformConfig {
  const found = Object.hasOwn(config.platforms, name) ? config.platforms[name] : undefined;
  if (found === undefined)
    throw new RunbackError('not-found', `runback.yml has no platform ${name}`, {
      why: `There are: ${Object.keys(config.platforms).join(', ')}.`,
      state: 'Nothing was started.',
    });
  if (found.environment === 'production') throw refusedStage(name, 'runback.yml says that it is production.');
  return found;
}

const driverDeps = ({ store, secret, clock, environment, redact }: StagingDeps): Parameters<typeof openPlatform>[1] => ({
  secret,
  clock,
  environment,
  redact,
  writes: underLockIn(store),
});

const open = async (config: PlatformConfig, deps: StagingDeps): Promise<Platform> => await openPlatform(config, driverDeps(deps), deps.call);

interface Filling {
  readonly platform: Platform;
  readonly schema: PlatformSchema;
  readonly leftovers: Leftovers;
  readonly deps: StagingDeps;
}

async function fill(
  { records, mask, platform: name }: StagingOptions,
  from: string,
  { platform, schema, leftovers, deps }: Filling,
  firstIsThere: () => Promise<void>,
): Promise<readonly string[]> {
  const snapshot = await deps.catalog.open(from);
  return await seedFromSnapshot({ snapshot, platform, schema, leftovers, records, mask, name, firstIsThere }, deps.call);
}

/** The entry of a platform for a workspace in another folder: files that it names stay where they are. */
function movedEntry(config: PlatformConfig, root: string): Readonly<Record<string, unknown>> {
  const { name: _name, credentials, url, ...rest } = config;
  const moved = (ref: string): string => {
    const path = ref.startsWith('file:') ? ref.slice('file:'.length) : undefined;
    return path === undefined || isAbsolute(path) || path.startsWith('~') ? ref : `file:${resolve(root, path)}`;
  };
  return {
    ...rest,
    credentials: Object.fromEntries(Object.entries(credentials).map(([key, ref]) => [key, moved(ref)])),
    ...(url === undefined ? {} : { url: moved(url) }),
  };
}

/** The variables of the environment that a platform's secrets stand in: what runs on the stage needs them too. */
async function secretEnvironment(
  { credentials, url }: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  const refs = [...Object.values<string>(credentials), ...(url !== undefined && SECRET_REF.test(url) ? [url] : [])];
  const names = refs.flatMap((ref) => (ref.startsWith('env:') ? [ref.slice('env:'.length)] : []));
  return await Promise.resolve(Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))));
}
