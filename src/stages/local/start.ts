import { openPlatform, type PlatformSchema } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined, didYouMean, RunbackError } from '../../lib/index.js';
import type { Sandbox } from '../../sandbox/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { loadWorkspace } from '../../workspace/index.js';
import { StagedChoices } from '../choices.js';
import { startIntegration, type IntegrationOptions } from '../integration.js';
import { sandboxAccount } from '../sandbox-account.js';
import type { Stage } from '../stage.js';
import { layWorkspace, type WorkspaceParts } from '../workspace.js';
import { contentsOf } from './contents.js';
import type { LocalPlatform } from './local.js';
import { LOCAL_PLATFORMS } from './registry.js';

/** What a stage on this machine is made of. */
export interface LocalStageOptions extends WorkspaceParts {
  /** Of {@link LOCAL_PLATFORMS}. */
  readonly platform: string;
  /** Records of the first object type. */
  readonly records: number;
  readonly seed: number;
  /** A snapshot that it is filled from, instead of invented records; whoever opened it closes it. */
  readonly from?: SnapshotReader;
  /** Fields whose values are replaced by invented ones of the same form before they are put there. */
  readonly mask?: readonly string[];
  readonly integration?: Omit<IntegrationOptions, 'port'>;
}

/** Names that `where.local` of a drill may have. */
export const localPlatforms = (): readonly string[] => Object.keys(LOCAL_PLATFORMS).sort();

const SYNC = 'crm-to-marketing';
/** A sync of a stage works faster than a real one, so that nobody waits for it. */
const SYNC_EVERY_MS = 50;

/**
 * Starts a sandbox on loopback, fills it with inventions or from a snapshot, starts the sync that writes to it, and lays a workspace that knows both into
 * an empty folder. Throws `usage` for a platform that there is no sandbox of, and what {@link contentsOf} throws.
 */
export async function startLocalStage(folder: string, options: LocalStageOptions, clock: Clock, call: CallOptions): Promise<Stage> {
  const { platform: name, records, seed, from, mask = [] } = options;
  const kind = Object.hasOwn(LOCAL_PLATFORMS, name) ? LOCAL_PLATFORMS[name] : undefined;
  if (kind === undefined)
    throw new RunbackError('usage', `There is no local sandbox of "${name}"${didYouMean(name, localPlatforms())}`, {
      why: `There are: ${localPlatforms().join(', ')}.`,
      state: 'Nothing was started.',
    });
  const contents = from && (await contentsOf({ snapshot: from, records, mask }, kind.connector, kind.knows, call));
  const objects = contents?.objects.map(({ schema }) => schema.object) ?? kind.objects;
  const sandbox = await kind.start({ seed, fill: contents ?? { records } });
  let rightful: (() => void) | undefined;
  const integration = await startIntegration(() => rightful?.(), { everyMs: SYNC_EVERY_MS, ...options.integration });
  const stop = async (): Promise<void> => {
    await integration.stop();
    await sandbox.stop();
  };
  try {
    await layWorkspace(folder, options, {
      platforms: { [name]: platformEntry(kind, sandbox, objects) },
      syncs: { [SYNC]: syncEntry(name, kind, integration.url) },
      tokens: { 'sandbox.token': sandbox.token },
    });
    const schema = await described(folder, name, sandbox.token, clock, call);
    sandbox.resetCounts();
    const choices = new StagedChoices(sandbox, schema);
    const account = sandboxAccount(sandbox, schema, choices);
    return {
      label: contents === undefined ? kind.label : `${kind.label}, filled from ${contents.snapshot}`,
      folder,
      platform: name,
      environment: 'sandbox',
      account,
      victims: account,
      invented: contents === undefined,
      differs: [...(contents === undefined ? kind.differsInvented : [...contents.lacks, ...kind.differsFilled]), ...kind.differs],
      stop,
      local: {
        faults: sandbox.faults,
        counts: () => sandbox.counts(),
        resetCounts: () => sandbox.resetCounts(),
        automate: (automation) => sandbox.automate(automation),
        switchAutomations: (on) => {
          for (const automation of sandbox.automations()) sandbox.automate({ ...automation, enabled: on });
        },
        putOptionsBack: () => choices.putBack(),
        sideEffects: () => sideEffectsOf(sandbox),
        integration,
        sync: SYNC,
        syncWriter: kind.syncWriter,
        setRightfulWrite: (write) => {
          rightful = write;
        },
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Nothing but runback writes through the API of a stage. */
export function sideEffectsOf(sandbox: Sandbox): readonly string[] {
  return sandbox.effects().flatMap((effect) => {
    if (
      effect.because.by !== 'api' ||
      (effect.kind === 'mail' && effect.withheld !== undefined) ||
      (effect.kind === 'write' && effect.refused !== undefined)
    )
      return [];
    const what = effect.kind === 'mail' ? `a mail "${effect.subject}"` : effect.kind === 'enrolment' ? 'begun' : `wrote ${effect.field}`;
    return [`${effect.automation}: ${what} for ${effect.object}/${effect.key}`];
  });
}

function platformEntry(
  { connector, options }: LocalPlatform,
  { account, url }: Sandbox,
  objects: readonly string[],
): Readonly<Record<string, unknown>> {
  return { connector, environment: 'sandbox', account, url, credentials: { token: 'file:sandbox.token' }, objects, ...defined({ options }) };
}

function syncEntry(platform: string, { writesAs }: LocalPlatform, url: string): Readonly<Record<string, unknown>> {
  return {
    title: 'CRM to marketing platform',
    controller: 'http',
    writes_to: [platform],
    writes_as: [writesAs],
    url,
    status: { path: '/sync', paused: 'body.state == "paused"', in_flight: 'body.in_flight' },
    pause: { path: '/sync/pause' },
    resume: { path: '/sync/resume' },
    drain: '30s',
  };
}

/** What the platform says of its object types, through the connector as a restore sees it. */
async function described(folder: string, name: string, token: string, clock: Clock, call: CallOptions): Promise<PlatformSchema> {
  const entry = (await loadWorkspace(folder)).config.platforms[name];
  if (entry === undefined) throw new RunbackError('bug', `The workspace of the stage has no platform ${name}`);
  const platform = await openPlatform(entry, { secret: async () => await Promise.resolve(token), clock, environment: {}, writes: 'private' }, call);
  try {
    return await platform.connector.describe(platform.objects, call);
  } finally {
    await platform.close();
  }
}
