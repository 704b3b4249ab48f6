import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Drill, DrillFile, DrillResult, RehearsalPeople } from '../../../drills/index.js';
import { defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { StagingDeps } from '../../../stages/index.js';
import { shippedDir } from '../../../workspace/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import { temporaryFolder } from '../../session/temporary.js';
import type { CommandContext } from '../../shell/command.js';
import { allRunbooks, guidance } from './guided-drill.js';

/** The drills that a command works with, and the workspace they are for, if there is one. */
export interface DrillPlace {
  readonly session: Session | undefined;
  readonly folder: string;
  readonly files: readonly DrillFile[];
}

/** The drills of the workspace; those shipped with runback where it has none, or where there is no workspace. */
export async function drillPlace(context: CommandContext): Promise<DrillPlace> {
  const { drillFiles } = await import('../../../drills/index.js');
  const session = await context.session().catch((error: unknown) => {
    if (isRunbackError(error, 'workspace-missing') && context.globals.workspace === undefined) return undefined;
    throw error;
  });
  const own = session && join(session.workspace.root, 'drills');
  const files = own === undefined ? [] : await drillFiles(own);
  if (own !== undefined && files.length > 0) return { session, folder: own, files };
  const folder = join(shippedDir, 'drills');
  return { session, folder, files: await drillFiles(folder) };
}

/** The drill that an id, or the beginning of one, means. Throws `not-found`, `ambiguous`, `file-invalid`. */
export async function findDrill({ files }: DrillPlace, wanted: string): Promise<Drill> {
  const file = byPrefix(wanted, files, ({ id }) => id, { what: 'drill', list: 'runback drill list' });
  if (file.drill !== undefined) return file.drill;
  const { loadDrill } = await import('../../../drills/index.js');
  return await loadDrill(file.path);
}

/** The file of the runbook that a drill is for: of the workspace first, else as shipped. Throws `not-found`. */
export async function runbookOf({ session }: DrillPlace, { runbook, file }: Drill): Promise<string> {
  const candidates = /[/\\]/u.test(runbook)
    ? [runbook]
    : [...(session === undefined ? [] : [join(session.workspace.runbooksDir, `${runbook}.yml`)]), join(shippedDir, 'runbooks', `${runbook}.yml`)];
  for (const path of candidates) if (await isThere(path)) return path;
  throw new RunbackError('not-found', `There is no runbook "${runbook}"`, {
    why: `${file} is a drill of it. Looked for ${candidates.join(' and ')}.`,
    state: 'Nothing was started.',
    next: 'runback runbook list',
  });
}

const isThere = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );

/** One drill on one stage that is to be run. */
export interface PlannedDrill {
  readonly drill: Drill;
  readonly place: { readonly local: string } | { readonly platform: string };
  readonly runbook: string;
}

/** A drill that could not be staged at all. */
export interface UnstagedDrill {
  readonly drill: string;
  readonly error: RunbackError;
}

/** How drills are run. */
export interface RunDrillsOptions {
  /** How many at a time. */
  readonly jobs: number;
  /** Instead of that of each drill. */
  readonly seed?: number;
  /** The workspaces of the stages stay. */
  readonly keep: boolean;
  /** There is one only: what it does is shown. */
  readonly alone: boolean;
  /** A person at this terminal rolls back; see {@link guidance}. */
  readonly guided?: { readonly surprise: boolean };
  readonly done: (result: DrillResult | UnstagedDrill) => void;
}

/** What the next drill would meet as well: this machine cannot write, or somebody stopped it. */
const ENDS_ALL: ReadonlySet<string> = new Set(['interrupted', 'bug', 'disk-full', 'disk-denied', 'disk-failed']);

/** Runs drills, `jobs` at a time, and keeps their results in the workspace. `done` is told of each as it ends. */
export async function runDrills(
  context: CommandContext,
  place: DrillPlace,
  planned: readonly PlannedDrill[],
  options: RunDrillsOptions,
): Promise<{ readonly results: readonly DrillResult[]; readonly unstaged: readonly UnstagedDrill[] }> {
  const queue = [...planned];
  const results: DrillResult[] = [];
  const unstaged: UnstagedDrill[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      context.call.signal.throwIfAborted();
      try {
        const result = await runOne(context, place, next, options);
        results.push(result);
        options.done(result);
      } catch (error) {
        if (!isRunbackError(error) || ENDS_ALL.has(error.code)) {
          queue.length = 0;
          throw error;
        }
        const failed = { drill: next.drill.id, error };
        unstaged.push(failed);
        options.done(failed);
      }
    }
  };
  // All stages are taken down before anything is told.
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, options.jobs) }, worker));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  const order = planned.map(({ drill }) => drill.id);
  return { results: results.sort((a, b) => order.indexOf(a.drill) - order.indexOf(b.drill)), unstaged };
}

async function runOne(context: CommandContext, place: DrillPlace, planned: PlannedDrill, options: RunDrillsOptions): Promise<DrillResult> {
  const result = await rehearseOne(context, place, planned, options);
  if (place.session !== undefined) await (await import('../../../drills/index.js')).keepResult(place.session.store, result);
  return result;
}

/** Removes what drills that were killed have left on this machine, and says what it left alone. */
export async function removeLeftDrills({ live, clock, style }: CommandContext): Promise<void> {
  const { removeLeftFolders } = await import('../../../stages/index.js');
  const { removed, left } = await removeLeftFolders(clock);
  for (const folder of removed)
    live.print(`${style.glyph.done} Removed ${folder}: the drill, restore test or rehearsal that worked in it was killed`);
  const reasons = new Map<string, string[]>();
  for (const { folder, why } of left) reasons.set(why, [...(reasons.get(why) ?? []), folder]);
  for (const [why, [first = '', ...others]] of reasons)
    live.print(
      `${style.glyph.warning} Not removed: ${first}${others.length === 0 ? '' : ` and ${others.length} more like it`}, of earlier drills: ${why}. Remove them yourself where no drill is running.`,
    );
}

/** Runs one drill. Its result is kept nowhere. */
export async function rehearseOne(
  context: CommandContext,
  place: DrillPlace,
  { drill, place: at, runbook }: PlannedDrill,
  options: Pick<RunDrillsOptions, 'seed' | 'keep' | 'alone' | 'guided'> & { readonly id?: string; readonly people?: RehearsalPeople },
): Promise<DrillResult> {
  const [{ rehearse }, { ownFolder, STAGE_FOLDER }] = await Promise.all([import('../../../drills/index.js'), import('../../../stages/index.js')]);
  const { clock, call, stdio, live } = context;
  const program = { command: [process.execPath, process.argv[1] ?? 'runback'], environment: stdio.env, signal: call.signal };
  const { guided, seed, alone } = options;
  const guide = guided && guidance(context, drill, guided.surprise, program);
  const folder = await temporaryFolder(`${STAGE_FOLDER}${guided?.surprise === true ? '' : `${drill.id}-`}`);
  try {
    await ownFolder(folder, { kept: options.keep });
    return await rehearse(
      { drill, place: at, runbook, folder, ...defined({ seed, id: options.id, choice: guide && (await allRunbooks(place.session)) }) },
      {
        program,
        clock,
        call,
        ...defined({
          people: options.people,
          staging: place.session && (await stagingDeps(place.session, context)),
          keyboard: guide?.keyboard,
        }),
        doing: guide?.doing ?? (alone ? (what) => live.start(what) : () => {}),
      },
    );
  } finally {
    if (options.alone) live.stop();
    if (!options.keep) await rm(folder, { recursive: true, force: true });
  }
}

async function stagingDeps(session: Session, { stdio, call, clock }: CommandContext): Promise<StagingDeps> {
  const { workspace, store, secret, redactor, by } = session;
  const { holdersOf } = await import('../../../runbooks/index.js');
  const redact = (text: string): string => redactor.text(text);
  const holders = holdersOf(store);
  return { workspace, store, catalog: await session.catalog(), clock, secret, environment: stdio.env, redact, call, by, holders };
}
