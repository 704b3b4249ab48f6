import { counted, defined, EXIT, isRunbackError } from '../../../lib/index.js';
import type {
  AcceptedAutomations,
  ApplyDeps,
  Plan,
  PlanFilters,
  PlanSet,
  PlanSummary,
  RestoreSummary,
  SideOutcome,
  SideStanding,
} from '../../../restores/index.js';
import { acceptedFor, automationsOn } from '../../flows/restores/automations.js';
import { findSet, holdSyncs, makeSet, newSetId, openSet, pauseOf } from '../../flows/restores/plan-sets.js';
import { confirmDestructive } from '../../session/confirm.js';
import { incidentsNow, linkRestore } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { automationLines } from '../../views/restores/automations.js';
import { comparisonLines, planSetText, setOutcomeText } from '../../views/restores/plan-set.js';
import { restoreText, verifySummaryText } from '../../views/restores/restore.js';
import { approvalsFor } from './approvals.js';

/** `runback restore plan --set`; with `--apply`, what became of it. */
export async function planBoth(
  context: CommandContext,
  opened: Session,
  request: {
    readonly set: string;
    readonly damaged: string | undefined;
    readonly filtersOf: (platform: string) => PlanFilters;
    readonly suspectsNamed: boolean;
  },
): Promise<Outcome> {
  const set = await makeSet(context, opened, request);
  return context.input.flag('apply') && (await isToApply(context, opened, set))
    ? await applyBoth(context, opened, set.id)
    : await setOutcome(opened, set);
}

/** Whether a set that was just made writes anything. If so, says what is left open by it and after it, however the application ends. */
async function isToApply({ live }: CommandContext, opened: Session, set: PlanSet): Promise<boolean> {
  const { plansOf, setConfirmation } = await import('../../../restores/index.js');
  const plans = await plansOf(opened.store, set);
  if (setConfirmation(set.sides, plans) === undefined) return false;
  live.note(`The set: ${set.id}. What stopped can be continued with it: runback restore apply ${set.id}`);
  const pause = await pauseOf(opened, set);
  if (pause !== undefined) live.note(`The syncs between them stay paused, whatever comes of it. Resume the syncs: runback sync resume ${pause.id}`);
  if (set.differences.count > 0)
    live.note(`Not decided: ${counted(set.differences.count, 'differences')} between both sides. runback restore show ${set.id}`);
  for (const { header } of plans.values()) {
    const open = openIn(header);
    if (open > 0) live.note(`Not in ${header.id}: ${counted(open, 'conflicts')} to decide. runback restore show ${header.id} --decide`);
  }
  return true;
}

/** `runback restore show <set>`; with decisions on its differences, the new set. */
export async function showBoth(context: CommandContext, opened: Session, choices: Readonly<Record<string, string>>): Promise<Outcome> {
  const set = await findSet(opened, context.input.required('plan'));
  if (Object.keys(choices).length === 0) return await setOutcome(opened, set);
  const { decideSet } = await import('../../../restores/index.js');
  await opened.authorise('plan');
  const place = await openSet(context, opened, platformsOf(set));
  return await setOutcome(opened, await decideSet(set, { id: await newSetId(opened), choices, by: opened.by }, place, context.call));
}

/** How many conflicts of a plan a person has to decide. */
export function openIn({ counts }: PlanSummary['header']): number {
  return Object.values(counts.conflicts).reduce((sum, count) => sum + count, 0);
}

async function setOutcome(opened: Session, set: PlanSet): Promise<Outcome> {
  const { plansOf, restoresOf, setConfirmation } = await import('../../../restores/index.js');
  const plans = await plansOf(opened.store, set);
  const standings = await restoresOf(opened.store, set);
  const pause = await pauseOf(opened, set);
  const confirm = setConfirmation(standings, plans);
  const headers = [...plans.values()].map(({ header }) => header);
  const automations = await automationsOn(opened, platformsOf(set));
  const data = {
    ...set,
    ...(automations.length === 0 ? {} : { automations }),
    plans: headers,
    pauseId: pause?.id ?? null,
    confirm: confirm ?? null,
    restores: restoresIn(standings),
  };
  return {
    data,
    text: (style) =>
      [
        planSetText(set, headers, pause?.id, style),
        ...automationLines(automations, style),
        '',
        ...headers.map(({ id, platform }) => `See the plan for ${platform}:  runback restore show ${id}`),
        ...(set.differences.count === 0
          ? []
          : [`Decide a difference:  runback restore show ${set.id} --choose <difference>=<platform|restore|keep>`]),
        ...(confirm === undefined ? [] : [`Apply both:  runback restore apply ${set.id} --confirm ${confirm}`]),
        ...(pause === undefined || confirm !== undefined ? [] : [`Resume the syncs:  runback sync resume ${pause.id}`]),
      ].join('\n'),
  };
}

function restoresIn(standings: readonly SideStanding[]): readonly RestoreSummary[] {
  return standings.flatMap(({ restore }) => (restore === undefined ? [] : [restore]));
}

/** `runback restore apply <set>` and `runback restore resume <set>`: continues where it was stopped. */
export async function applyBoth(context: CommandContext, opened: Session, wanted: string): Promise<Outcome> {
  const { input, live, call, interrupts } = context;
  const set = await findSet(opened, wanted);
  const { applySet, plansOf, restoresOf, setAfter, setConfirmation } = await import('../../../restores/index.js');
  const plans = await plansOf(opened.store, set);
  const after = await setAfter(opened.store, set.id);
  if (after !== undefined) live.note(`A decision on ${set.id} made ${after}. The one with the decision: runback restore apply ${after}`);
  const place = await openSet(context, opened, platformsOf(set));
  const expected = setConfirmation(await restoresOf(opened.store, set), plans);
  const command = `runback restore apply ${set.id}`;
  const what = 'the environment and the number of records of each plan, in the order of the set';
  const confirmed =
    expected === undefined
      ? undefined
      : await confirmDestructive(context, expected, { untouched: 'Nothing was written.', command, what }, (style) =>
          live.print(
            planSetText(
              set,
              [...plans.values()].map(({ header }) => header),
              undefined,
              style,
            ),
          ),
        );
  await holdSyncs(context, opened, platformsOf(set), set.pause, 'planned');
  const { approvals, refused } = await approvalsOfBoth(opened, plans, input.list('approve'));
  const incidents = await incidentsOfBoth(opened, platformsOf(set));
  const records = input.integer('limit-records', 1);
  interrupts.resumeWith(command);
  live.start('Restoring both sides');
  const accepted = await acceptedFor(context, opened, platformsOf(set), command);
  const request = {
    by: opened.by,
    confirmed,
    approvals,
    incidents,
    ...(records === undefined ? {} : { limits: { records } }),
  };
  try {
    const outcomes = await applySet(set, request, { store: opened.store, depsOf: accepting(place.depsOf, accepted) }, call);
    for (const { restore, plan, platform } of outcomes) await tie(opened, incidents.get(platform), restore?.id, plan);
    return await bothOutcome(opened, set, outcomes, 'applied');
  } catch (error) {
    // What went wrong is the error, also where the journals cannot be looked at any more.
    const standings = await restoresOf(opened.store, set).catch(() => []);
    for (const { plan, platform, restore } of standings) await tie(opened, incidents.get(platform), restore?.id, plan);
    const { withRefusals } = await import('../../../runbooks/index.js');
    const over = [...plans.values()].find(({ hash }) => isRunbackError(error, 'over-limit') && error.data['hash'] === hash);
    throw over === undefined ? error : withRefusals(error, over.hash, refused.get(over.hash) ?? []);
  }
}

/** `runback restore undo <set>` */
export async function undoBoth(context: CommandContext, opened: Session, wanted: string): Promise<Outcome> {
  const set = await findSet(opened, wanted);
  const { undoSet } = await import('../../../restores/index.js');
  const place = await openSet(context, opened, platformsOf(set));
  if (context.interactive && !context.globals.yes) {
    const asker = await context.asker('--yes');
    const { RunbackError } = await import('../../../lib/index.js');
    if (!(await asker.confirm({ message: 'Put back what was replaced on both sides, unless someone changed it since?', default: false })))
      throw new RunbackError('person-needed', 'Not undone', { why: 'You said no.', state: 'Nothing was written.' });
  }
  await holdSyncs(context, opened, platformsOf(set), set.pause, 'planned');
  const accepted = await acceptedFor(context, opened, platformsOf(set), `runback restore undo ${set.id}`);
  context.interrupts.resumeWith(`runback restore undo ${set.id}`);
  context.live.start('Undoing both sides');
  const outcomes = await undoSet(set, opened.by, { store: opened.store, depsOf: accepting(place.depsOf, accepted) }, context.call);
  return await bothOutcome(opened, set, outcomes, 'undone');
}

/** Each side is begun beside the automations that a person accepts. */
function accepting(depsOf: (platform: string) => ApplyDeps, accepted: AcceptedAutomations | undefined): (platform: string) => ApplyDeps {
  return (platform) => ({ ...depsOf(platform), ...defined({ accepted }) });
}

async function bothOutcome(opened: Session, set: PlanSet, outcomes: readonly SideOutcome[], did: 'applied' | 'undone'): Promise<Outcome> {
  const { isLeft } = await import('../../../restores/index.js');
  const restores = outcomes.flatMap(({ restore }) => (restore === undefined ? [] : [restore]));
  const whole = restores.every((one) => (did === 'applied' ? one.state === 'done' : one.state === 'undone' && !isLeft(one.undo ?? {})));
  const pause = await pauseOf(opened, set);
  const next =
    did === 'applied'
      ? [`Prove that both sides agree:  runback restore verify ${set.id}`]
      : pause === undefined
        ? []
        : [`Resume the syncs:  runback sync resume ${pause.id}`];
  return {
    data: { set: set.id, sides: outcomes, pauseId: pause?.id ?? null },
    text: (style) => [setOutcomeText(outcomes, (restore) => restoreText(restore, style)), '', ...next].join('\n').trimEnd(),
    ...(whole ? {} : { exit: EXIT.partial }),
  };
}

/** `runback restore verify <set>` */
export async function verifyBoth(context: CommandContext, opened: Session, wanted: string): Promise<Outcome> {
  const set = await findSet(opened, wanted);
  const { verifySet } = await import('../../../restores/index.js');
  const place = await openSet(context, opened, platformsOf(set));
  const pause = await pauseOf(opened, set);
  if (pause === undefined && place.syncs.length > 0)
    context.live.note('This set no longer holds the syncs paused: what they write in the meantime shows as differences.');
  context.live.start('Comparing both sides with their plans, and with each other');
  const verified = await verifySet(set, place, context.call);
  const remaining = verified.plans.some((plan) => plan.remaining > 0) || verified.differences.count > 0;
  const open = verified.notCompared.length > 0 || verified.plans.some((plan) => plan.byHand.length > 0);
  return {
    data: { ...verified, pauseId: pause?.id ?? null },
    text: (style) =>
      [
        ...verified.plans.map((plan) => verifySummaryText(plan, style)),
        '',
        ...comparisonLines(verified, style),
        ...(pause === undefined ? [] : ['', `Resume the syncs:  runback sync resume ${pause.id}`]),
      ].join('\n'),
    ...(remaining ? { exit: EXIT.differences } : open ? { exit: EXIT.partial } : {}),
  };
}

const platformsOf = ({ sides }: PlanSet): readonly string[] => sides.map(({ platform }) => platform);

/** What lifts the limits for each plan, and what was refused, by hash. */
async function approvalsOfBoth(
  opened: Session,
  plans: ReadonlyMap<string, Plan>,
  approved: readonly string[],
): Promise<{
  readonly approvals: ReadonlyMap<string, readonly { readonly hash: string; readonly by: string }[]>;
  readonly refused: ReadonlyMap<string, readonly string[]>;
}> {
  const approvals = new Map<string, readonly { readonly hash: string; readonly by: string }[]>();
  const refused = new Map<string, readonly string[]>();
  for (const [platform, plan] of plans) {
    const found = await approvalsFor(opened, plan, approved.find((hash) => hash === plan.hash) ?? approved[0]);
    approvals.set(platform, found.approvals);
    refused.set(plan.hash, found.refused);
  }
  return { approvals, refused };
}

async function incidentsOfBoth(opened: Session, platforms: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const platform of platforms) {
    const incidents = await incidentsNow(opened, [platform]);
    if (incidents !== undefined) found.set(platform, incidents);
  }
  return found;
}

async function tie(opened: Session, incidents: readonly string[] | undefined, restore: string | undefined, plan: string): Promise<void> {
  if (restore !== undefined && incidents !== undefined && incidents.length > 0) await linkRestore(opened, incidents, restore, plan);
}
