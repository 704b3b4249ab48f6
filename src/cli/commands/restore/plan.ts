import type { Investigation } from '../../../investigations/index.js';
import { counted, defined, RunbackError } from '../../../lib/index.js';
import type { ApplyDeps, DamageKind, PlanFilters, PlanSummary } from '../../../restores/index.js';
import { findInvestigation, planOfGroups } from '../../flows/investigations/investigation.js';
import { typedMoment } from '../../flows/restores/moments.js';
import { findPlan, restoreDeps } from '../../flows/restores/restore.js';
import { answersIn } from '../../flows/runs/answers.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { applyPlan } from './apply.js';
import { planOutcome } from './outcome.js';
import { openIn, planBoth } from './plan-set.js';
import { ACCEPT, CONFIRM, KINDS, LIMIT } from './words.js';

/** `runback restore plan` */
export const planVerb: CommandSpec = {
  verb: 'plan',
  summary: 'Work out what to put back; writes nothing to the platform',
  details: 'Compares the base snapshot with the snapshot of the damage, reads the current value of what differs, and saves a plan.',
  options: [
    { flags: '--platform <name>', description: 'platform that holds the damaged records', kind: 'platform' },
    { flags: '--base <snapshot>', description: 'snapshot from before the damage', kind: 'snapshot' },
    { flags: '--from-history', description: "no snapshot: rebuild what --suspect wrote over since --since from the platform's own history" },
    { flags: '--set <snapshot>', description: 'snapshot of several platforms: plans for all of them, that belong together', kind: 'snapshot' },
    { flags: '--investigation <id>', description: 'exactly the groups of an investigation that are damage: its id, or latest' },
    { flags: '--group <number>', description: 'with --investigation: this group instead', repeat: true },
    { flags: '--answers <file>', description: 'with --investigation: YAML file that takes and leaves groups', kind: 'file' },
    { flags: '--damaged <snapshot>', description: 'snapshot of the damage (default: taken now)', kind: 'snapshot' },
    { flags: '--object <type>', description: 'only this object type', repeat: true },
    { flags: '--field <name>', description: 'only this field', repeat: true },
    { flags: '--except-field <name>', description: 'leave this field as it is', repeat: true },
    { flags: '--key <key>', description: 'only this record', repeat: true },
    { flags: '--only <kind>', description: 'only this kind of damage', repeat: true, choices: KINDS },
    { flags: '--where <expression>', description: 'only where this CEL expression holds (object, key, field, base, damaged, live)' },
    { flags: '--since <time>', description: 'when the damage began: yesterday 14:00, 2026-11-22T14:00Z, or 2h ago' },
    { flags: '--until <time>', description: 'when it ended' },
    { flags: '--suspect <writer>', description: 'who did the damage, as the platform names it', repeat: true },
    { flags: '--unattributed <what>', description: 'changes that nothing ties to the incident', choices: ['include', 'refuse', 'unknown'] },
    { flags: '--delete-created', description: 'also delete what the damage created' },
    { flags: '--apply', description: 'apply it at once, with its confirmation' },
    CONFIRM,
    LIMIT,
    ACCEPT,
  ],
  examples: [
    'runback restore plan --platform hubspot --base latest-verified',
    'runback restore plan --set latest-verified',
    'runback restore plan --platform db --base latest-verified --apply',
    'runback restore plan --investigation latest --group 1',
    'runback restore plan --platform hubspot --from-history --since "today 14:00"',
  ],
  run: plan,
};

async function plan(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  requireOneWay(input);
  requireApply(input);
  const set = input.text('set');
  if (set !== undefined) return await planOfSet(context, opened, set);
  const investigation = input.text('investigation');
  if (investigation !== undefined) return await planOfInvestigation(context, opened, investigation);
  if (input.flag('from-history')) return await planOfHistory(context, opened);
  requireOne(context);
  const platform = input.required('platform');
  opened.platformConfig(platform);
  const filters = await filtersOf(context, opened, platform);
  const catalog = await opened.catalog();
  const fitting = { platform, ...defined({ objects: filters.objects }) };
  const base = await catalog.resolve(input.required('base'), fitting);
  await opened.authorise('plan');
  const { checkLimits, checkTogether, planRestore } = await import('../../../restores/index.js');
  // Before anything is asked of the platform, or a snapshot is taken as evidence.
  checkLimits(filters);
  checkTogether(filters);
  live.start(`Opening ${platform}`);
  const wanted = input.text('damaged');
  // A snapshot is looked up while the platform is connected to. Neither goes on unseen where the other fails.
  const [opening, found] = [restoreDeps(opened, platform, context), wanted === undefined ? undefined : catalog.resolve(wanted, fitting)];
  await Promise.allSettled([opening, found]);
  const deps = await opening;
  const damaged = (await found) ?? (await evidence(context, opened, platform, filters));
  for (const doubt of await catalog.doubts([base.id, damaged.id], base.id)) live.note(doubt);
  live.start('Working out what was damaged');
  const suspectsNamed = input.someOf('suspect') !== undefined;
  const made = await planRestore({ base: base.id, damaged: damaged.id, filters, suspectsNamed, by: opened.by }, deps, call);
  return await planned(context, opened, made, () => deps);
}

/** Ways to say what a plan is made from, each with what only it takes. */
const WAYS = ['set', 'investigation', 'from-history'] as const;

/** What only an application takes. */
const OF_APPLYING = ['confirm', 'limit-records', 'accept-automations'] as const;

/** What is confirmed and not applied would look as if it were. Throws `usage`. */
function requireApply(input: CommandContext['input']): void {
  // What is no number is told before anything is read, or the syncs are paused for it.
  input.integer('limit-records', 1);
  const given = input.flag('apply') ? undefined : OF_APPLYING.find((name) => input.text(name) !== undefined);
  if (given === undefined) return;
  throw new RunbackError('usage', `--${given} needs --apply`, {
    why: 'A plan writes nothing to the platform by itself.',
    state: 'Nothing was started.',
    next: 'runback restore plan --help',
  });
}

/** What a plan is followed by: its outcome, or with `--apply` its application, where it writes anything. */
async function planned(context: CommandContext, opened: Session, made: PlanSummary, deps: () => ApplyDeps | Promise<ApplyDeps>): Promise<Outcome> {
  const { id, counts } = made.header;
  const isEmpty = Object.values(counts.actions).every((count) => count === 0);
  if (!context.input.flag('apply') || isEmpty) return planOutcome(opened, await findPlan(opened, id), made);
  const open = openIn(made.header);
  context.live.note(`The plan is kept: ${id}`);
  if (open > 0) context.live.note(`Not in it: ${counted(open, 'conflicts')} to decide. runback restore show ${id} --decide`);
  return await applyPlan(context, opened, made, await deps());
}

/** What says which groups are taken. */
const OF_INVESTIGATION = ['group', 'answers'] as const;

/** A way that is left out in silence would plan more than was asked for. Throws `usage`. */
function requireOneWay(input: CommandContext['input']): void {
  const [one, other] = WAYS.filter((name) => (name === 'from-history' ? input.flag(name) : input.text(name) !== undefined));
  const [what, why] =
    one !== undefined && other !== undefined
      ? [`--${one} and --${other} exclude each other`, 'Each says by itself what the plan is made from.']
      : OF_INVESTIGATION.some((name) => one !== 'investigation' && input.list(name).length > 0)
        ? [
            `--${OF_INVESTIGATION.find((name) => input.list(name).length > 0) ?? ''} needs --investigation`,
            'Groups have their numbers in an investigation.',
          ]
        : OF_INVESTIGATION.every((name) => input.list(name).length > 0)
          ? ['--group and --answers exclude each other', 'Each says by itself which groups are taken.']
          : [];
  if (what === undefined || why === undefined) return;
  throw new RunbackError('usage', what, { why, state: 'Nothing was started.', next: 'runback restore plan --help' });
}

/** A plan without any snapshot. Throws `usage` for what only a snapshot can tell, and where no writer is named. */
async function planOfHistory(context: CommandContext, opened: Session): Promise<Outcome> {
  const { input, live, call } = context;
  const other = (['base', 'damaged'] as const).find((name) => input.text(name) !== undefined);
  if (other !== undefined)
    throw new RunbackError('usage', `--${other} and --from-history exclude each other`, {
      why: 'A plan from history is made without a snapshot.',
      state: 'Nothing was started.',
      next: 'Leave one of them out. With a good snapshot from before the damage, --base tells more: records and links, too.',
    });
  const platform = input.required('platform');
  opened.platformConfig(platform);
  const { suspects: _ofSyncs, ...limits } = await filtersOf(context, opened, platform);
  // All that a sync writes on a good day is no damage: without a snapshot to compare with, a person says whose writes go.
  const suspects = input.someOf('suspect');
  const { checkHistoryLimits, planFromHistory, requireHistory } = await import('../../../restores/index.js');
  const filters = { ...limits, ...defined({ suspects }) };
  checkHistoryLimits(suspects === undefined ? { ...filters, suspects: ['*'] } : filters);
  await opened.authorise('plan');
  live.start(`Opening ${platform}`);
  const deps = await restoreDeps(opened, platform, context);
  // Before anyone is named who could be given: no one helps where there is no history.
  requireHistory(deps.platform);
  if (suspects === undefined) {
    const { whoWrote } = await import('../../flows/investigations/written-by.js');
    const { since = '', until, objects } = limits;
    live.start('Checking who wrote in that time');
    throw await whoWrote(
      deps.platform,
      { since: new Date(since), ...(until === undefined ? {} : { until: new Date(until) }), ...defined({ objects }) },
      call,
    );
  }
  live.start('Reading the history');
  const window = `--since ${limits.since ?? ''}${limits.until === undefined ? '' : ` --until ${limits.until}`}`;
  live.note(`If this is interrupted, the same command continues it. Give the times as ${window}.`);
  const made = await planFromHistory({ filters, by: opened.by }, deps, call);
  return await planned(context, opened, made, () => deps);
}

/** Options that mean one platform. */
const OF_ONE = ['platform', 'base', 'from-history', 'object', 'field', 'except-field', 'key', 'where'] as const;

/** What the groups say already, and what they cannot be narrowed by. */
const OF_GROUPS = ['platform', 'base', 'damaged', 'set', 'object', 'suspect', 'since', 'until', 'only'] as const;

/** A plan of exactly what some groups of an investigation hold. Throws `usage` for a limit that the groups set. */
async function planOfInvestigation(context: CommandContext, opened: Session, wanted: string): Promise<Outcome> {
  const { input } = context;
  const one = OF_GROUPS.find((name) => input.list(name).length > 0);
  if (one !== undefined)
    throw new RunbackError('usage', `--${one} and --investigation exclude each other`, {
      why: 'The groups of an investigation say which snapshots, object types, writers and times are meant.',
      state: 'Nothing was started.',
      next: `runback restore plan --investigation ${wanted}`,
    });
  const numbers = input.list('group').map(numberOf);
  const { fields, exceptFields, keys, where, deleteCreated } = await filtersOf(context, opened, undefined);
  const given = input.text('unattributed');
  const yes = given === 'include' || given === 'refuse' ? ({ unattributed: given } as const) : {};
  const extra = { ...defined({ fields, exceptFields, keys, where }), deleteCreated, ...yes };
  const investigation = await findInvestigation(opened, wanted);
  const [base, damaged] = [investigation.header.base.snapshot, investigation.header.damaged.snapshot];
  for (const doubt of await (await opened.catalog()).doubts([base, damaged], base)) context.live.note(doubt);
  const file = input.text('answers');
  const taken = file === undefined ? numbers : await answered(context, file, investigation);
  const plan = await planOfGroups(context, opened, investigation, file === undefined && taken.length === 0 ? undefined : taken, extra);
  return await planned(context, opened, plan, () => restoreDeps(opened, plan.header.platform, context));
}

async function answered(context: CommandContext, file: string, { header }: Investigation): Promise<readonly number[]> {
  const { groupsTaken } = await import('../../../investigations/index.js');
  return groupsTaken(await answersIn(context, file), file, header);
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,5}$/u.test(text)) return Number(text);
  throw new RunbackError('usage', `"${text}" is no number of a group`, { state: 'Nothing was started.', next: 'runback investigate --show latest' });
}

/** Plans for all platforms of a snapshot. Throws `usage` for what limits a plan to something of one platform. */
async function planOfSet(context: CommandContext, opened: Session, set: string): Promise<Outcome> {
  const { input } = context;
  const one = OF_ONE.find((name) => (name === 'from-history' ? input.flag(name) : input.list(name).length > 0));
  if (one !== undefined)
    throw new RunbackError('usage', `--${one} and --set exclude each other`, {
      why: `A set is planned whole, for every platform that the snapshot holds; --${one} means one of them.`,
      state: 'Nothing was started.',
      next: `runback restore plan --set ${set}`,
    });
  const { suspects, ...filters } = await filtersOf(context, opened, undefined);
  return await planBoth(context, opened, {
    set,
    damaged: input.text('damaged'),
    filtersOf: (platform) => ({ ...filters, ...defined({ suspects: suspects ?? writersTo(opened, platform) }) }),
    suspectsNamed: input.someOf('suspect') !== undefined,
  });
}

/** Without `--set` both are needed. */
function requireOne({ input }: CommandContext): void {
  const missing = (['platform', 'base'] as const).find((name) => input.text(name) === undefined);
  if (missing === undefined) return;
  throw new RunbackError('usage', `--${missing} is missing`, {
    why: 'A plan needs a platform and a base snapshot, or --from-history instead of the snapshot, or --set for all platforms of one snapshot.',
    state: 'Nothing was started.',
    next: 'runback restore plan --help',
  });
}

/** Without a snapshot of the damage, the present state is kept as evidence and used as that. */
async function evidence(context: CommandContext, opened: Session, platform: string, filters: PlanFilters): Promise<{ readonly id: string }> {
  context.live.note('No --damaged was given: taking a snapshot of the current state as evidence.');
  return (await opened.catalog()).create(
    {
      platforms: [await opened.openPlatform(platform, context.call)],
      by: opened.by,
      note: 'evidence for a restore plan',
      ...defined({ objects: filters.objects }),
    },
    context.call,
  );
}

/** How the syncs that write to a platform sign there; undefined where nothing is known of that. */
function writersTo(session: Session, platform: string): readonly string[] | undefined {
  const known = Object.values(session.workspace.config.syncs)
    .filter((sync) => sync.writes_to.includes(platform))
    .flatMap((sync) => sync.writes_as);
  return known.length === 0 ? undefined : known;
}

/** The filters a command line gives. Suspects are the writers of the syncs that write to the platform unless named. */
async function filtersOf(context: CommandContext, session: Session, platform: string | undefined): Promise<PlanFilters> {
  const { input } = context;
  const objects = input.someOf('object');
  const fields = input.someOf('field');
  const exceptFields = input.someOf('except-field');
  const keys = input.someOf('key');
  const only = input.someOf('only')?.filter((kind): kind is DamageKind => KINDS.some((known) => known === kind));
  const where = input.text('where');
  const [since, until] = [await edge(context, 'since'), await edge(context, 'until')];
  const suspects = input.someOf('suspect') ?? (platform === undefined ? undefined : writersTo(session, platform));
  const unattributed = input.text('unattributed');
  return {
    ...defined({ objects, fields, exceptFields, keys, only, where, since, until, suspects }),
    unattributed: unattributed === 'include' || unattributed === 'unknown' ? unattributed : 'refuse',
    deleteCreated: input.flag('delete-created'),
  };
}

/** An edge of the window as ISO 8601 in UTC. Throws `usage`. */
async function edge(context: CommandContext, option: 'since' | 'until'): Promise<string | undefined> {
  const text = context.input.text(option);
  if (text === undefined) return undefined;
  return (await typedMoment(context, text, { option, direction: 'past', state: 'Nothing was started.' })).toISOString();
}
