import type { Start } from '../../../investigations/index.js';
import { defined } from '../../../lib/index.js';
import type { ApplyDeps } from '../../../restores/index.js';
import { chooseGroups } from '../../flows/investigations/choose-groups.js';
import { findInvestigation, planOfGroups, runInvestigation } from '../../flows/investigations/investigation.js';
import type { OnRecord } from '../../flows/investigations/on-record.js';
import { findPlan } from '../../flows/restores/restore.js';
import { stillOn } from '../../flows/restores/while-paused.js';
import { typeConfirmation } from '../../prompts/confirmation.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { investigationText } from '../../views/investigation.js';
import { visible } from '../../views/text/visible.js';
import { applyConfirmed } from './apply.js';
import { planOutcome, restoreOutcome } from './outcome.js';
import { repairProved } from './repair-proved.js';
import { heldSyncs, pausedText, staysOpen } from './where-it-stands.js';

/** What is repaired. */
export interface Repairing {
  readonly platform: string;
  /** Id of a good snapshot; the newest that is verified unless given. */
  readonly base?: string;
  /** Where the search for what happened starts. */
  readonly start?: Start;
  /** Id of one that was made already, instead of all that. */
  readonly investigation?: string;
  /** Where it is put on record; nowhere by default. */
  readonly record?: OnRecord;
  /** Hears when the plan is made. */
  readonly onPlanned?: () => void;
}

/**
 * From a platform on which something is wrong to a proved repair: what happened, which groups are damage, the plan of
 * exactly those, yes, and the typed confirmation. Nothing is written before that. The syncs that write to the platform
 * are paused just before, and stay so: what went wrong in them may not be corrected yet.
 */
export async function repairByGroups(
  context: CommandContext,
  opened: Session,
  { platform, base, start, investigation: earlier, record, onPlanned = () => undefined }: Repairing,
): Promise<Outcome> {
  const { live, style } = context;
  const request = { platform, base, damaged: undefined, objects: undefined, everything: false, ...defined({ start }) };
  const investigation = earlier === undefined ? await runInvestigation(context, opened, request) : await findInvestigation(opened, earlier);
  live.stop();
  const { header } = investigation;
  // Stopped at a question, there is a command that leads back to it.
  if (record !== undefined) context.interrupts.resumeWith('runback respond');
  if (header.groups.length === 0) return { data: { investigation: header }, text: (out) => investigationText(investigation, out) };
  const { numbers, deleteCreated } = await chooseGroups(context, investigation);
  if (numbers.length === 0)
    return {
      data: { investigation: header },
      text: () => `No group was taken, so nothing was changed. The same again:\n  runback investigate --show ${header.id}`,
    };
  const incident = await record?.damage(
    investigation,
    header.groups.filter(({ n }) => numbers.includes(n)),
  );
  const made = await planOfGroups(context, opened, investigation, numbers, { deleteCreated });
  live.stop();
  onPlanned();
  await record?.planned(made.header.id);
  const plan = await findPlan(opened, made.header.id);
  const planned = await planOutcome(opened, plan, made);
  live.print(`\n${planned.text(style)}`);
  const names = await stillOn(opened, [platform]);
  if (Object.values(made.header.counts.actions).every((n) => n === 0)) return await nothingToWrite(opened, planned, { incident, names });
  const leftOpen = incident === undefined ? `runback restore apply ${made.header.id}` : 'runback respond';
  context.interrupts.resumeWith(leftOpen);
  const stopped = (): Outcome => ({
    data: planned.data,
    text: () => [`Nothing was written. The plan stays:\n  runback restore show ${made.header.id}`, ...staysOpen(incident)].join('\n'),
  });
  const asker = await context.asker(`runback restore apply ${made.header.id}`);
  if (!(await asker.confirm({ message: questionOf(platform, names), default: true }))) return stopped();
  const { confirmationOf } = await import('../../../restores/index.js');
  const confirmed = await typeConfirmation(asker, confirmationOf(plan.header));
  const apply = async (deps: ApplyDeps): Promise<Outcome> =>
    await restoreOutcome(opened, await applyConfirmed(context, opened, plan, deps, { confirmed }));
  return await repairProved(context, opened, {
    plan,
    names,
    apply,
    continues: `runback restore apply ${made.header.id}`,
    ...defined({ record, incident }),
  });
}

/** Where the damage is gone already, or all of it is for a person to decide: what an earlier attempt left is told all the same. */
async function nothingToWrite(
  opened: Session,
  { data }: Outcome,
  { incident, names }: { readonly incident: string | undefined; readonly names: readonly string[] },
): Promise<Outcome> {
  const held = await heldSyncs(opened, names);
  const lines = [
    ...(held === undefined ? [] : [pausedText(held)]),
    ...(incident === undefined
      ? []
      : [`Incident ${incident} stays open. Once nothing is wrong:\n  runback incident resolve ${incident} --what "Cause"`]),
  ];
  return { data, text: () => (lines.length === 0 ? '' : ['', ...lines].join('\n')) };
}

function questionOf(platform: string, names: readonly string[]): string {
  const paused =
    names.length === 0
      ? `runback.yml lists no sync that writes to ${visible(platform)}, so none is paused`
      : `First ${names.map(visible).join(', ')} will be paused, until you resume`;
  return `Does this look like the damage? ${paused}`;
}
