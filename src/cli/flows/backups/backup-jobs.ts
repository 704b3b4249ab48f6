import {
  baseFor,
  baseTrouble,
  type JobHands,
  type JobOutcome,
  type MeteredPlatform,
  type RuledJob,
  runJob,
  stateOf,
  type Taken,
  watchRules,
} from '../../../backups/index.js';
import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, defined, didYouMean, isRunbackError, parseDuration, RunbackError } from '../../../lib/index.js';
import { type Catalog, RECONCILED, type SyncDuring } from '../../../snapshots/index.js';
import type { JobConfig } from '../../../workspace/index.js';
import { openIncidents } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { syncsOn, whilePaused } from '../restores/while-paused.js';
import { BACKUP_SOURCE } from './backup-incidents.js';

/** Codes of errors that a snapshot which builds on nothing does not meet: its base is damaged, gone, or was lost on the way. */
const BASE_TROUBLE: ReadonlySet<string> = new Set(['snapshot-damaged', 'snapshot-replaced', 'locked', 'fenced', 'not-found']);

/** The jobs of runback.yml, in its order. */
export function jobsOf({ workspace }: Pick<Session, 'workspace'>): readonly JobConfig[] {
  return Object.values(workspace.config.backups.jobs);
}

/** Everything whose snapshots stay or go by rules: the jobs, and reconciliations. */
export function ruledJobsOf(session: Pick<Session, 'workspace'>): readonly RuledJob[] {
  const rules = session.workspace.config.backups.reconciliations;
  return [...jobsOf(session), ...(rules === undefined ? [] : [{ name: RECONCILED, ...rules }])];
}

/** The job of that name. Throws `not-found` with the nearest one. */
export function jobOf(session: Pick<Session, 'workspace'>, name: string): JobConfig {
  const jobs = jobsOf(session);
  const found = jobs.find((job) => job.name === name);
  if (found !== undefined) return found;
  const names = jobs.map((job) => job.name);
  throw new RunbackError('not-found', `runback.yml has no backup job "${name}"${didYouMean(name, names)}`, {
    why: names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`,
    state: 'Nothing was started.',
    next: names.length === 0 ? 'Add one under backups.jobs in runback.yml: docs/backups.md shows how' : 'runback backup jobs',
  });
}

/** Runs one job: see {@link runJob}. */
export async function runBackupJob(context: CommandContext, session: Session, job: JobConfig, due: boolean): Promise<JobOutcome> {
  const { store, clock, by } = session;
  const catalog = await session.catalog();
  return await runJob(job, { store, clock, by, catalog, signal: context.interrupts.signal }, handsOf(context, session), { due });
}

/** Id of an incident that is open on one of these platforms, other than those about backups. */
export async function incidentOn(session: Session, platforms: readonly string[]): Promise<string | undefined> {
  const open = await openIncidents(session);
  return open.find(({ source, platforms: on }) => source !== BACKUP_SOURCE && on.some((name) => platforms.includes(name)))?.id;
}

function handsOf({ call, live, interrupts, style }: CommandContext, session: Session): JobHands {
  let opened: Promise<readonly Platform[]> | undefined;
  const openAll = async (names: readonly string[]): Promise<readonly Platform[]> => {
    live.start(`Opening ${names.join(', ')}`);
    opened ??= Promise.all(names.map(async (name) => await session.openPlatform(name, call)));
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
  // What a platform does not say is not known; where it cannot be reached at all, taking the snapshot says so.
  const unlessStopped = (error: unknown): undefined => {
    if (!isRunbackError(error) || interrupts.signal.aborted) throw error;
    return undefined;
  };
  return {
    incidentOn: async (platforms) => await incidentOn(session, platforms),
    resume: async (holder) => {
      const syncs = await session.syncs();
      const resumed: string[] = [];
      for (const pause of (await syncs.pauses()).filter((one) => one.holder === holder)) {
        await syncs.resume(pause.id, { by: session.by }, call);
        resumed.push(...pause.entries.map(({ sync }) => sync));
      }
      return resumed;
    },
    metered: async (names) => {
      const metered: MeteredPlatform[] = [];
      for (const { name, connector } of (await openAll(names).catch(unlessStopped)) ?? []) {
        if (connector.dailyQuota === undefined) continue;
        const quota = await connector.dailyQuota(call).catch(unlessStopped);
        metered.push({ platform: name, quota, usage: () => connector.usage() });
      }
      return metered;
    },
    take: async (job, pause, signal) => {
      await session.authorise('snapshot');
      if (pause !== undefined) await session.authorise('pause-syncs');
      const options = { ...call, signal };
      const platforms = await openAll(job.platforms);
      const watched = watchRules(job) === undefined ? undefined : (true as const);
      const set = job.syncs === undefined ? undefined : { syncs: job.syncs, states: async () => await syncStates(session, job, options) };
      const request = { platforms, by: session.by, job: job.name, ...defined({ objects: job.objects, watched, set }) };
      const catalog = await session.catalog();
      const whole = async (base: Taken['base']): Promise<Taken> => ({ snapshot: await catalog.create(request, options), ...defined({ base }) });
      const warn = (message: string): void => live.print(`${style.glyph.warning} ${message}. This snapshot holds everything, and builds on nothing.`);
      const make = async (): Promise<Taken> => {
        const known = (await stateOf(session.store, job.name).read())?.whole?.snapshot;
        const { reader: base, whole: wholly, trouble } = await baseFor(job, platforms, catalog, known);
        if (trouble !== undefined) warn(trouble.message);
        if (base === undefined) return await whole(trouble);
        try {
          const readAllAfterMs = job.read_all_every === undefined ? undefined : parseDuration(job.read_all_every);
          return { snapshot: await catalog.create({ ...request, base, ...defined({ readAllAfterMs, whole: wholly }) }, options) };
        } catch (error) {
          if (!isRunbackError(error) || !BASE_TROUBLE.has(error.code)) throw error;
          warn(error.message);
          return await whole(baseTrouble(base.manifest.id, error));
        } finally {
          await base.close();
        }
      };
      const taken = pause === undefined ? await make() : await whilePaused(session, job.platforms, pause, options, make);
      if (taken.base !== undefined) await noteDamage(await session.catalog(), taken.base.snapshot, options);
      return { ...taken, requests: Object.fromEntries(platforms.map(({ name, connector }) => [name, connector.usage().requests])) };
    },
  };
}

/** How the syncs are now that write to the platforms of a job. */
async function syncStates(
  session: Session,
  { platforms }: JobConfig,
  options: CallOptions,
): Promise<readonly { readonly sync: string; readonly state: SyncDuring['before']; readonly why?: string }[]> {
  const views = await (await session.syncs()).views(syncsOn(session, platforms), options);
  return views.map(({ name, status, problem }) => ({ sync: name, state: status?.state ?? 'unknown', ...defined({ why: problem }) }));
}

/**
 * Reads a snapshot in which damage turned up, and what it builds on, so that the damaged one no longer counts as
 * verified, nor any that builds on it. What cannot be read at all counts for nothing anyway.
 */
async function noteDamage(catalog: Catalog, id: string, options: CallOptions): Promise<void> {
  const known = (await catalog.list()).find((one) => one.id === id);
  try {
    for (const one of known === undefined ? [] : [...known.bases, id]) if ((await catalog.verify(one, options)).damage.length > 0) return;
  } catch (error) {
    if (!isRunbackError(error) || options.signal?.aborted === true) throw error;
  }
}
