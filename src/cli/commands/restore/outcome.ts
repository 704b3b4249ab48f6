import { EXIT } from '../../../lib/index.js';
import type { LostOnCreate, Plan, PlanSummary, RestoreSummary } from '../../../restores/index.js';
import { automationsOn } from '../../flows/restores/automations.js';
import { looksIn, recordsOf } from '../../flows/restores/looks.js';
import type { Session } from '../../session/session.js';
import type { Outcome } from '../../shell/command.js';
import { proofWords } from '../../views/restore-test.js';
import { automationLines } from '../../views/restores/automations.js';
import { conflictsTable } from '../../views/restores/conflict.js';
import { changesTable, effectsText, firstLines, isChange, isConflict, planText } from '../../views/restores/plan.js';
import { restoreText } from '../../views/restores/restore.js';
import { counted } from '../../views/text/format.js';

/** Lines of a plan that are shown without being asked for. */
export const FIRST = 10;
/** Records from which on a rehearsal is offered. */
const LARGE = 500;

/** The outcome of a plan: what it would write, its first changes and conflicts, and the next command. */
export async function planOutcome(opened: Session, read: Plan, summary: PlanSummary): Promise<Outcome> {
  const changes = await firstLines(read.lines(), isChange, FIRST);
  const { header, hash, location } = summary;
  const total = Object.values(header.counts.actions).reduce((sum, n) => sum + n, 0);
  const open = Object.values(header.counts.conflicts).reduce((sum, n) => sum + n, 0);
  const conflicts =
    open === 0
      ? []
      : await firstLines(
          read.lines(() => true),
          isConflict,
          FIRST,
        );
  const catalog = await opened.catalog();
  // A base that is gone by now still has its plan.
  const base = await catalog.resolve(header.base.snapshot).catch(() => undefined);
  const looks = await looksIn(catalog, read.header, recordsOf([...changes, ...conflicts]));
  const automations = await automationsOn(opened, [header.platform]);
  return {
    data: {
      ...header,
      hash,
      location,
      ...(automations.length === 0 ? {} : { automations }),
      ...(base?.proof === undefined ? {} : { baseProof: base.proof }),
    },
    text: (style) =>
      [
        planText(summary, style, base && proofWords(base.proof)),
        ...[total === 0 ? '' : effectsText(read.schema, header.filters.objects, style)].filter((text) => text !== ''),
        ...(changes.length === 0 ? ['', 'Nothing to write.'] : ['', changesTable(changes, style, looks)]),
        ...(total > changes.length ? [`  ... and ${counted(total - changes.length, 'more changes')}`] : []),
        ...(conflicts.length === 0 ? [] : ['', conflictsTable(conflicts, style, looks)]),
        ...(open > conflicts.length ? [`  ... and ${counted(open - conflicts.length, 'more conflicts')}`] : []),
        ...(total > 0 ? automationLines(automations, style) : []),
        '',
        ...(open > 0 ? [`Decide the conflicts: runback restore show ${header.id} --decide`] : []),
        ...(header.counts.records >= LARGE ? [`Try it first on a copy: runback restore rehearse ${header.id}`] : []),
        ...(total > 0 ? [`Apply it:  runback restore apply ${header.id} --confirm ${header.environment}:${header.counts.records}`] : []),
      ]
        .join('\n')
        .trimEnd(),
  };
}

/** The outcome of a restore or of its undo: 0 where all of it is done, 3 where anything was left (G28). */
export async function restoreOutcome(opened: Session, summary: RestoreSummary): Promise<Outcome> {
  const { isLeft } = await import('../../../restores/index.js');
  const whole = summary.state === 'done' || (summary.state === 'undone' && !isLeft(summary.undo ?? {}));
  const lost = await lostBy(opened, summary);
  return {
    data: { ...summary, ...(lost.length === 0 ? {} : { lost }) },
    text: (style) => restoreText(summary, style, { lost }),
    ...(whole ? {} : { exit: EXIT.partial }),
  };
}

/** What did not come back with the records that a restore created again. */
async function lostBy(opened: Session, summary: Pick<RestoreSummary, 'plan' | 'keyMap'>): Promise<readonly LostOnCreate[]> {
  const { lostByRestore } = await import('../../../restores/index.js');
  return lostByRestore(opened.store, summary);
}
