import { defined, EXIT } from '../../../lib/index.js';
import type { ApplyDeps, Plan, VerifySummary } from '../../../restores/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import type { OnRecord } from '../../flows/investigations/on-record.js';
import { restoreDeps } from '../../flows/restores/restore.js';
import { incidentsNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { verifySummaryText } from '../../views/restores/restore.js';
import { heldSyncs, pausedText, pauseHolder, staysOpen, whereItStands } from './where-it-stands.js';

/** A repair from the pause of the syncs on. */
export interface ProvedRepair {
  readonly plan: Plan;
  /** Syncs to pause. */
  readonly names: readonly string[];
  /** Writes what the plan lists, or the rest of it. */
  readonly apply: (deps: ApplyDeps) => Promise<Outcome>;
  /** The command that continues where it ends while the syncs are paused. */
  readonly continues: string;
  /** Where it is put on record; nowhere by default. */
  readonly record?: OnRecord;
  readonly incident?: string;
}

/** Says, in the middle of a repair, how far it has come. */
interface Progress {
  applied: boolean;
}

/**
 * Pauses what writes to the platform, has the plan applied, compares the platform with it, and says what comes next. The
 * syncs stay paused: what went wrong in them may not be corrected yet.
 */
export async function repairProved(context: CommandContext, opened: Session, repair: ProvedRepair): Promise<Outcome> {
  const { live } = context;
  const { plan, names, continues, record, incident } = repair;
  const { id, platform } = plan.header;
  // Known to the first Ctrl-C already while the syncs stop.
  context.interrupts.resumeWith(continues);
  const reached: Progress = { applied: false };
  const { restored, proof, pause } = await repaired(context, opened, repair, reached).catch(async (error: unknown) => {
    live.stop();
    const told = [...(await whereItStands(opened, { plan: id, names, continues }, error, reached)), ...staysOpen(incident)];
    for (const line of told.flatMap((text) => text.split('\n'))) live.note(line.trimStart());
    throw error;
  });
  live.stop();
  await record?.[restored.exit === undefined && proof.remaining === 0 && pause !== undefined ? 'mitigated' : 'note'](endWords(id, proof, pause));
  const isOpen = ((await incidentsNow(opened, [platform])) ?? []).length > 0;
  const exit = restored.exit ?? (proof.remaining > 0 ? EXIT.differences : proof.byHand.length > 0 ? EXIT.partial : undefined);
  const isLeft = exit !== undefined || proof.conflicts > 0;
  // All is written, proved and on record: what cannot be read now takes nothing away from that.
  const paused = await heldSyncs(opened, names).then(
    (held) => (held === undefined ? [] : [pausedText(held)]),
    () => ['Which syncs are still paused could not be read:\n  runback sync list'],
  );
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
        ...(isLeft ? [`What is left, and what to do about each:\n  runback restore left ${id}`] : []),
        ...paused,
        ...(incident === undefined ? pageText(isOpen) : [`Then the incident:\n  runback incident resolve ${incident} --what "Cause"`]),
      ]
        .join('\n')
        .trimEnd(),
  };
}

async function repaired(
  context: CommandContext,
  opened: Session,
  { plan, names, apply }: ProvedRepair,
  reached: Progress,
): Promise<{ readonly restored: Outcome; readonly proof: VerifySummary; readonly pause: PauseRecord | undefined }> {
  const { live, style, call, interrupts } = context;
  const { verifyRestore } = await import('../../../restores/index.js');
  const pause = await pauseFor(context, opened, plan, names);
  const deps = await restoreDeps(opened, plan.header.platform, context);
  const restored = await apply(deps);
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

/** What others have to know once a plan was applied. */
function endWords(plan: string, { remaining, checked }: VerifySummary, pause: PauseRecord | undefined): string {
  const proved = remaining === 0 ? `${checked} changes were written and proved` : `${remaining} of ${checked} changes are not as planned`;
  const names = pause?.entries.map(({ sync }) => sync) ?? [];
  return `${plan}: ${proved}. ${names.length === 0 ? 'No sync was paused' : `Paused until the cause is corrected: ${names.join(', ')}`}.`;
}

/** Where nothing is put on record: it may turn out to be nothing. */
function pageText(isOpen: boolean): readonly string[] {
  return isOpen ? [] : ['No incident is open, so no one was paged:\n  runback incident open "What happened" --severity sev2'];
}
