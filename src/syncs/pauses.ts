import { type CallLog, defined, isRunbackError, type Clock, RunbackError, type SendGuard } from '../lib/index.js';
import { guardOf, type Store } from '../store/index.js';
import type { SecretRef, SyncConfig, Workspace } from '../workspace/index.js';
import type { SyncController } from './controller.js';
import { guarded } from './guarded.js';
import type { Syncs, SyncView } from './pause-record.js';
import { causeOf, pauseStore } from './pause-store.js';
import { pauseSyncs } from './pausing.js';
import { openController } from './registry.js';
import { heldNow, resumeSyncs } from './resuming.js';

interface SyncsDeps {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Takes secrets out of any text. */
  readonly redact: (text: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what became of each call to a controller. */
  readonly calls?: CallLog;
}

/** Held by whoever changes any of them. */
const LOCK = 'syncs';

/** Opens the syncs of a workspace. Controllers are made when first used. */
export function openSyncs({ workspace, store, clock, secret, redact, environment, calls }: SyncsDeps): Syncs {
  const configs = workspace.config.syncs;
  const controllers = new Map<string, Promise<SyncController>>();

  const controllerOf = (config: SyncConfig): Promise<SyncController> => {
    const existing = controllers.get(config.name);
    if (existing) return existing;
    const opening = openController(config.controller, {
      name: config.name,
      options: config.options,
      cwd: workspace.root,
      environment,
      secret,
      redact,
      clock,
      ...defined({ calls }),
      credentials: async () =>
        Object.fromEntries(await Promise.all(Object.entries(config.credentials).map(async ([key, ref]) => [key, await secret(ref)] as const))),
    });
    const made = opening.then((controller) => guarded(controller, changes));
    controllers.set(config.name, made);
    return made;
  };
  const changes = (): SendGuard => {
    const lock = store.held(LOCK);
    if (lock !== undefined) return guardOf(lock);
    throw new RunbackError('bug', 'A sync was about to be changed without the lock of all syncs', { state: 'Nothing was changed.' });
  };
  const pauses = pauseStore(store, configs, controllerOf);
  const locked = async <T>(by: string, holder: string, purpose: string, work: () => Promise<T>): Promise<T> => {
    const lock = await store.lock(LOCK, { by, holder, purpose }, { breakDead: true, lapse: true });
    try {
      return await work();
    } finally {
      await lock.release();
    }
  };

  return {
    names: pauses.names,
    pauses: () => pauses.open(),
    survey: () => pauses.survey(),
    async lastRun(name, options) {
      const controller = await pauses.controllerOf(name);
      return controller.lastRun === undefined ? 'untold' : await controller.lastRun(options);
    },
    async views(names, options) {
      const open = await pauses.open();
      return await Promise.all(
        (names ?? pauses.names).map(async (name): Promise<SyncView> => {
          const config = pauses.configOf(name);
          const view = {
            name,
            title: config.title ?? name,
            controller: config.controller,
            writesTo: config.writes_to,
            pauses: open.filter((record) =>
              record.entries.some((entry) => entry.sync === name && (entry.state === 'paused' || entry.state === 'pausing')),
            ),
          };
          try {
            const controller = await pauses.controllerOf(name);
            return { ...view, ...(controller.proven === false ? { unproven: true } : {}), status: await controller.status(options) };
          } catch (error) {
            if (isRunbackError(error, 'interrupted')) throw error;
            return { ...view, problem: causeOf(error) };
          }
        }),
      );
    },
    held: (pauseId, options) => heldNow(pauses, pauseId, options),
    pause: (request, options) => locked(request.by, request.holder, 'pausing syncs', () => pauseSyncs(pauses, clock, request, options)),
    resume: (pauseId, request, options) => locked(request.by, pauseId, 'resuming syncs', () => resumeSyncs(pauses, clock, pauseId, request, options)),
  };
}
