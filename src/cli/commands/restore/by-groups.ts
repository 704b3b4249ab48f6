import type { Start } from '../../../investigations/index.js';
import { defined, EXIT } from '../../../lib/index.js';
import type { Plan, VerifySummary } from '../../../restores/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import { chooseGroups } from '../../flows/investigations/choose-groups.js';
import { planOfGroups, runInvestigation } from '../../flows/investigations/investigation.js';
import { findPlan, restoreDeps } from '../../flows/restores/restore.js';
import { stillOn } from '../../flows/restores/while-paused.js';
import { typeConfirmation } from '../../prompts/confirmation.js';
import { incidentsNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { investigationText } from '../../views/investigation.js';
import { verifySummaryText } from '../../views/restores/restore.js';
import { visible } from '../../views/text/visible.js';
import { applyConfirmed } from './apply.js';
import { planOutcome, restoreOutcome } from './outcome.js';
import { pausedText, pauseHolder, whereItStands } from './where-it-stands.js';

/** What is repaired. */
export interface Repairing {
  readonly platform: string;
  /** Id of a good snapshot; the newest that is verified unless given. */
  readonly base?: string;
  /** Where the search for what happened starts. */
  readonly start?: Start;
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
  { platform, base, start, onPlanned = () => undefined }: Repairing,
): Promise<Outcome> {
  const { live, style } = context;
  const request = { platform, base, damaged: undefined, objects: undefined, everything: false, ...defined({ start }) };
  const investigation = await runInvestigation(context, opened, request);
  live.stop();
  const { header } = investigation;
  if (header.groups.length === 0) return { data: { investigation: header }, text: (out) => investigationText(investigation, out) };
  const { numbers, deleteCreated } = await chooseGroups(context, investigation);
  if (numbers.length === 0)
    return {
      data: { investigation: header },
      text: () => `No group was taken, so nothing was changed. The same again: runback investigate --show ${header.id}`,
    };
  const made = await planOfGroups(context, opened, investigation, numbers, { deleteCreated });
  live.stop();
  onPlanned();
  const plan = await findPlan(opened, made.header.id);
  const planned = await planOutcome(opened, plan, made);
  live.print(`\n${planned.text(style)}`);
  if (Object.values(made.header.counts.actions).every((n) => n === 0)) return { data: planned.data, text: () => '' };
  const stopped = (): Outcome => ({ data: planned.data, text: () => `Nothing was written. The plan stays: runback restore show ${made.header.id}` });
  const asker = await context.asker(`runback restore apply ${made.header.id}`);
  const names = await stillOn(opened, [platform]);
  if (!(await asker.confirm({ message: questionOf(platform, names), default: true }))) return stopped();
  const { confirmationOf } = await import('../../../restores/index.js');
  const confirmed = await typeConfirmation(asker, confirmationOf(plan.header));
  // Known to the first Ctrl-C already while the syncs stop.
  context.interrupts.resumeWith(`runback restore apply ${made.header.id}`);
  const reached = { applied: false };
  const { restored, proof, pause } = await repaired(context, opened, plan, { names, confirmed, reached }).catch(async (error: unknown) => {
    live.stop();
    for (const line of await whereItStands(opened, made.header.id, error, reached)) live.note(line);
    throw error;
  });
  live.stop();
  const isOpen = ((await incidentsNow(opened, [platform])) ?? []).length > 0;
  const exit = restored.exit ?? (proof.remaining > 0 ? EXIT.differences : proof.byHand.length > 0 ? EXIT.partial : undefined);
  return {
    ...restored,
    ...defined({ exit }),
    data: { restore: restored.data, verified: proof, pause: pause?.id ?? null },
    text: (out) =>
      [
        '',
        restored.text(out),
        '',
        verifySummaryText(proof, out),
        '',
        ...(proof.remaining === 0 ? [] : [`What is left, and what to do about each: runback restore left ${made.header.id}`]),
        ...(pause === undefined ? [] : [pausedText(pause.entries, pause.id)]),
        ...pageText(isOpen),
      ]
        .join('\n')
        .trimEnd(),
  };
}

/** What a repair is given beside its plan. */
interface Repair {
  /** Syncs to pause. */
  readonly names: readonly string[];
  readonly confirmed: string;
  /** Says, while it goes on, how far it has come. */
  readonly reached: { applied: boolean };
}

/** Pauses what writes to the platform, applies a plan, and compares the platform with it. */
async function repaired(
  context: CommandContext,
  opened: Session,
  plan: Plan,
  { names, confirmed, reached }: Repair,
): Promise<{ readonly restored: Outcome; readonly proof: VerifySummary; readonly pause: PauseRecord | undefined }> {
  const { live, style, call, interrupts } = context;
  const { verifyRestore } = await import('../../../restores/index.js');
  const pause = await pauseFor(context, opened, plan, names);
  const deps = await restoreDeps(opened, plan.header.platform, context);
  const restored = await restoreOutcome(opened, await applyConfirmed(context, opened, plan, deps, { confirmed }));
  reached.applied = true;
  interrupts.resumeWith(`runback restore verify ${plan.header.id}`);
  live.start('Comparing the platform with the plan');
  try {
    return { restored, proof: await verifyRestore(plan.header.id, deps, call), pause };
  } catch (error) {
    // It was written, whatever the comparison came to.
    live.stop();
    live.print(restored.text(style));
    throw error;
  }
}

function questionOf(platform: string, names: readonly string[]): string {
  const paused =
    names.length === 0
      ? `runback.yml lists no sync that writes to ${visible(platform)}, so none is paused`
      : `First ${names.map(visible).join(', ')} will be paused, until you resume`;
  return `Does this look like the damage? ${paused}`;
}

/** Pauses what writes to the platform of a plan; undefined where there is nothing to pause. */
async function pauseFor(
  { live, call }: CommandContext,
  opened: Session,
  { header }: Plan,
  names: readonly string[],
): Promise<PauseRecord | undefined> {
  if (names.length === 0) return undefined;
  await opened.authorise('pause-syncs');
  live.start('Pausing');
  const incidents = await incidentsNow(opened, [header.platform]);
  const request = { names, by: opened.by, holder: pauseHolder(header.id), reason: `a restore (${header.id})`, ...defined({ incidents }) };
  const pause = await (await opened.syncs()).pause(request, call);
  live.stop();
  return pause;
}

/** Nobody is paged on this path: it may turn out to be nothing. */
function pageText(isOpen: boolean): readonly string[] {
  return isOpen ? [] : ['No incident is open, so no one was paged: runback incident open "What happened" --severity sev2'];
}
