import { defined, EXIT, isRunbackError, messageOf, titleOf } from '../../lib/index.js';
import { daemonsOf } from '../../store/index.js';
import { copyNames } from '../flows/backups/copies.js';
import { unsharedIn } from '../flows/crew.js';
import { monitorsView } from '../flows/monitors/standings.js';
import { watchingIn } from '../flows/monitors/watching.js';
import { troubleText } from '../session/incidents.js';
import { lockViews } from '../session/locks.js';
import type { Session } from '../session/session.js';
import { withIncidents } from '../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { statusText, type WorkspaceStatus } from '../views/status.js';

/** Incidents that are shown; the rest is counted. */
const MOST = 20;

async function status(context: CommandContext): Promise<Outcome> {
  const found = await withIncidents(
    context,
    async ({ incidents: desk, outbox, trouble }, session): Promise<WorkspaceStatus> => {
      const { isOpen, whatIsDue } = await import('../../incidents/index.js');
      const listed = [...(await desk.listOpen())].sort((a, b) => a.severity.localeCompare(b.severity) || b.openedAt.localeCompare(a.openedAt));
      const { incidents: read, unreadable } = await desk.readAll(listed.slice(0, MOST).map(({ id }) => id));
      // One that was about to be opened again when its process was killed is named and over.
      const incidents = read.filter(isOpen);
      const next: WorkspaceStatus['next'][number][] = [];
      for (const incident of incidents) {
        const due = whatIsDue(incident, await desk.policyOf(incident), context.clock.now());
        if (due.next !== undefined)
          next.push({
            incident: incident.id,
            title: titleOf(incident),
            at: due.next.toISOString(),
            ...defined({ quietUntil: due.quietUntil }),
          });
      }
      const { openRuns, workerOf } = await import('../../runbooks/index.js');
      const runs = await openRuns(session.store);
      const atWork: WorkspaceStatus['atWork'][number][] = [];
      for (const { id } of runs.runs) {
        const worker = await workerOf(session.store, id);
        if (worker !== undefined) atWork.push({ run: id, by: worker.by, host: worker.host, pid: worker.pid, since: worker.since });
      }
      const { openRestores } = await import('../../restores/index.js');
      const restores = await openRestores(session.store);
      const pauses = await (await session.syncs()).survey();
      return {
        ...(trouble === undefined ? {} : { policyTrouble: troubleText(trouble) }),
        incidents,
        damagedIncidents: unreadable,
        more: Math.max(0, listed.length - MOST),
        deadLetters: (await outbox?.deadLetters()) ?? [],
        next: next.sort((a, b) => a.at.localeCompare(b.at)),
        daemon: (await daemonsOf(session.store))[0],
        runs: runs.runs,
        atWork,
        restores: restores.open,
        damagedRestores: restores.damaged,
        pauses: pauses.open,
        damagedPauses: pauses.damaged,
        damagedRuns: runs.damaged,
        locks: await lockViews(session),
        copies: await failingCopies(session),
        ...(session.store.sharedWork === undefined ? {} : defined({ unshared: await unsharedIn(session.store).read() })),
        ...(await watchedFlows(session)),
        ...(await newestSnapshots(session)),
      };
    },
    { tells: true },
  );
  const unread =
    (found.snapshotTrouble === undefined ? 0 : 1) +
    found.damagedIncidents.length +
    found.damagedRuns.length +
    found.damagedRestores.length +
    found.damagedPauses.length;
  return { data: found, text: (style) => statusText(found, style, rowsOf(context)), ...(unread === 0 ? {} : { exit: EXIT.partial }) };
}

/** Lines of the terminal, but one for the prompt that follows. */
function rowsOf({ stdio: { stdout } }: CommandContext): number {
  return stdout.isTTY ? Math.max(10, (stdout.rows || 24) - 1) : Number.POSITIVE_INFINITY;
}

/** Nobody waits longer than this for a storage while something is on fire. */
const STORAGE_MS = 5000;

/**
 * The newest snapshot of each platform, where it does not hold everything that was wanted: what a restore from it could
 * not bring back. Snapshots that cannot be asked hide nothing else.
 */
async function newestSnapshots(session: Session): Promise<Pick<WorkspaceStatus, 'incompleteSnapshots' | 'snapshotTrouble'>> {
  const signal = AbortSignal.timeout(STORAGE_MS);
  try {
    const catalog = await session.catalog();
    return { incompleteSnapshots: await catalog.incomplete(Object.keys(session.workspace.config.platforms), { signal }) };
  } catch (error) {
    if (!isRunbackError(error) && !signal.aborted) throw error;
    const why = signal.aborted ? `their storage did not answer within ${STORAGE_MS / 1000} s` : messageOf(error);
    return { incompleteSnapshots: [], snapshotTrouble: why };
  }
}

/** What is watched, as the last round left it: nothing is asked. */
async function watchedFlows({ store, workspace, clock }: Session): Promise<Pick<WorkspaceStatus, 'watched'>> {
  const watching = await watchingIn(workspace);
  return watching === undefined ? {} : { watched: await monitorsView(store, watching, workspace.config, clock.now()) };
}

/** Copies of snapshots that the last try failed for, as was noted then: none of them is asked now. */
async function failingCopies(session: Session): Promise<WorkspaceStatus['copies']> {
  const names = copyNames(session);
  if (names.length === 0) return [];
  const { copyStateOf } = await import('../../backups/index.js');
  const found: WorkspaceStatus['copies'][number][] = [];
  for (const copy of names)
    try {
      const failing = (await copyStateOf(session.store, copy).read())?.failing;
      if (failing !== undefined) found.push({ copy, message: failing.message, since: failing.since });
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      found.push({ copy, message: error.message });
    }
  return found;
}

export const commands: readonly CommandSpec[] = [{ summary: 'What is on fire, who acknowledged it, what is paused and due', run: status }];
