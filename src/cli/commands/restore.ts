import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { EXIT, isRunbackError, RunbackError } from '../../lib/index.js';
import type { DamageKind, ConflictChoice, LostOnCreate, LostValue, Plan, PlanFilters, PlanSummary, RestoreSummary } from '../../restores/index.js';
import { looksIn, openPlanOf, recordsOf } from '../flows/looks.js';
import { typedMoment } from '../flows/moments.js';
import { findPlan, findRestore, restoreDeps, withResume } from '../flows/restore.js';
import { confirmDestructive } from '../session/confirm.js';
import { incidentsNow, linkRestore } from '../session/incidents.js';
import type { Session } from '../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { OVERWRITE, outputFile } from '../shell/output-file.js';
import { conflictsTable } from '../views/conflict.js';
import { counted } from '../views/format.js';
import { changesTable, effectsText, firstLines, isChange, isConflict, lostText, planText } from '../views/plan.js';
import { leftText, restoreText, verifySummaryText } from '../views/restore.js';

const FIRST = 10;

/** The filters a command line gives. Suspects are the writers of the syncs that write to the platform unless named. */
const KINDS: readonly DamageKind[] = ['changed', 'deleted', 'created', 'links'];

async function filtersOf(context: CommandContext, session: Session, platform: string): Promise<PlanFilters> {
  const { input } = context;
  const objects = input.someOf('object');
  const fields = input.someOf('field');
  const exceptFields = input.someOf('except-field');
  const keys = input.someOf('key');
  const only = input.someOf('only')?.filter((kind): kind is DamageKind => KINDS.some((known) => known === kind));
  const where = input.text('where');
  const [since, until] = [await edge(context, 'since'), await edge(context, 'until')];
  const known = Object.values(session.workspace.config.syncs)
    .filter((sync) => sync.writes_to.includes(platform))
    .flatMap((sync) => sync.writes_as);
  const suspects = input.someOf('suspect') ?? (known.length === 0 ? undefined : known);
  const unattributed = input.text('unattributed');
  return {
    ...(objects === undefined ? {} : { objects }),
    ...(fields === undefined ? {} : { fields }),
    ...(exceptFields === undefined ? {} : { exceptFields }),
    ...(keys === undefined ? {} : { keys }),
    ...(only === undefined ? {} : { only }),
    ...(where === undefined ? {} : { where }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(suspects === undefined ? {} : { suspects }),
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

async function plan(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  const platform = input.required('platform');
  opened.platformConfig(platform);
  const filters = await filtersOf(context, opened, platform);
  const catalog = await opened.catalog();
  const fitting = { platform, ...(filters.objects === undefined ? {} : { objects: filters.objects }) };
  const base = await catalog.resolve(input.required('base'), fitting);
  await opened.authorise('plan');
  const { checkLimits, checkTogether, planRestore } = await import('../../restores/index.js');
  // Before anything is asked of the platform, or a snapshot is taken as evidence.
  checkLimits(filters);
  checkTogether(filters);
  live.start(`Opening ${platform}`);
  const deps = await restoreDeps(opened, platform, context);
  const wanted = input.text('damaged');
  const damaged = wanted === undefined ? await evidence(context, opened, platform, filters) : await catalog.resolve(wanted, fitting);
  for (const doubt of await catalog.doubts([base.id, damaged.id])) live.note(doubt);
  live.start('Working out what was damaged');
  const suspectsNamed = input.someOf('suspect') !== undefined;
  const made = await planRestore({ base: base.id, damaged: damaged.id, filters, suspectsNamed, by: opened.by }, deps, call);
  return planOutcome(opened, await findPlan(opened, made.header.id), made);
}

/** Without a snapshot of the damage, the present state is kept as evidence and used as that. */
async function evidence(context: CommandContext, opened: Session, platform: string, filters: PlanFilters): Promise<{ readonly id: string }> {
  const { createSnapshot } = await import('../../snapshots/index.js');
  context.live.note('No --damaged was given: taking a snapshot of the present state as evidence.');
  return createSnapshot(
    {
      platforms: [await opened.openPlatform(platform, context.call)],
      by: opened.by,
      note: 'evidence for a restore plan',
      ...(filters.objects === undefined ? {} : { objects: filters.objects }),
    },
    { dir: opened.workspace.backupsDir, store: opened.store, clock: opened.clock },
    context.call,
  );
}

async function planOutcome(opened: Session, read: Plan, summary: PlanSummary): Promise<Outcome> {
  const changes = await firstLines(read.lines(), isChange, FIRST);
  const conflicts = await firstLines(read.lines(), isConflict, FIRST);
  const looks = await looksIn(await opened.catalog(), read.header, recordsOf([...changes, ...conflicts]));
  const { header, hash, location } = summary;
  const total = Object.values(header.counts.actions).reduce((sum, n) => sum + n, 0);
  const open = Object.values(header.counts.conflicts).reduce((sum, n) => sum + n, 0);
  return {
    data: { ...header, hash, location },
    text: (style) =>
      [
        planText(summary, style),
        ...[total === 0 ? '' : effectsText(read.schema, header.filters.objects, style)].filter((text) => text !== ''),
        ...(changes.length === 0 ? ['', 'Nothing to write.'] : ['', changesTable(changes, style, looks)]),
        ...(total > changes.length ? [`  ... and ${counted(total - changes.length, 'more changes')}`] : []),
        ...(conflicts.length === 0 ? [] : ['', conflictsTable(conflicts, style, looks)]),
        ...(open > conflicts.length ? [`  ... and ${counted(open - conflicts.length, 'more conflicts')}`] : []),
        '',
        ...(open > 0 ? [`Decide the conflicts: runback restore show ${header.id} --decide`] : []),
        ...(total > 0 ? [`Apply it:  runback restore apply ${header.id} --confirm ${header.environment}:${header.counts.records}`] : []),
      ]
        .join('\n')
        .trimEnd(),
  };
}

async function show(context: CommandContext): Promise<Outcome> {
  const { input, session, event, globals } = context;
  const opened = await session();
  const read = await findPlan(opened, input.argument('plan') ?? 'latest');
  const choices = input.list('choose').map(choiceOf);
  if (choices.length > 0) return decided(context, opened, read.header.id, read.header.platform, Object.fromEntries(choices));
  if (input.flag('decide')) {
    const asker = await context.asker('--choose <conflict>=<keep|restore>');
    const { decideConflictsByHand } = await import('../prompts/conflicts.js');
    const next = await decideConflictsByHand(openPlanOf(opened, read), {
      asker,
      style: context.style,
      print: (text) => context.live.print(text),
      decide: async (id, made) => {
        const { decideConflicts } = await import('../../restores/index.js');
        return decideConflicts(id, made, opened.by, await restoreDeps(opened, read.header.platform, context));
      },
    });
    const after = await findPlan(opened, next ?? read.header.id);
    return planOutcome(opened, after, after);
  }
  if (input.flag('browse')) {
    const { browsePlan } = await import('../prompts/plan-browser.js');
    await browsePlan(openPlanOf(opened, read), {
      asker: await context.asker('no --browse'),
      style: context.style,
      print: (text) => context.live.print(text),
    });
  }
  if (globals.json && input.flag('lines')) for await (const line of read.lines()) event({ type: 'line', ...line });
  return planOutcome(opened, read, read);
}

async function decided(
  context: CommandContext,
  opened: Session,
  id: string,
  platform: string,
  choices: Readonly<Record<string, ConflictChoice>>,
): Promise<Outcome> {
  const { decideConflicts } = await import('../../restores/index.js');
  const next = await decideConflicts(id, choices, opened.by, await restoreDeps(opened, platform, context));
  return planOutcome(opened, await findPlan(opened, next.header.id), next);
}

function choiceOf(text: string): readonly [string, ConflictChoice] {
  const cut = text.lastIndexOf('=');
  const value = text.slice(cut + 1);
  if (cut > 0 && (value === 'keep' || value === 'restore')) return [text.slice(0, cut), value];
  throw new RunbackError('usage', `--choose takes <conflict>=keep or <conflict>=restore, not "${text}"`, {
    why: 'A conflict is named by its id or its code (edited-since).',
    state: 'Nothing was started.',
    next: 'runback restore show --json --lines',
  });
}

async function apply(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  const read = await findPlan(opened, input.required('plan'));
  const { applyRestore, confirmationOf } = await import('../../restores/index.js');
  live.start(`Opening ${read.header.platform}`);
  const deps = await restoreDeps(opened, read.header.platform, context, input.text('moved-to'));
  live.stop();
  const confirmed = await confirmDestructive(
    context,
    confirmationOf(read.header),
    { untouched: 'Nothing was written.', command: `runback restore apply ${read.header.id}` },
    async () => {
      const { showPlan } = await import('../prompts/plan-browser.js');
      await showPlan(openPlanOf(opened, read), { style: context.style, print: (text) => live.print(text) }, { danger: true });
    },
  );
  const records = input.integer('limit-records', 1);
  const { approvals, refused } = await approvalsFor(opened, read, input.text('approve'));
  live.start('Restoring');
  const limits = records === undefined ? {} : { limits: { records } };
  const incidents = await incidentsNow(opened, [read.header.platform]);
  const request = { plan: read.header.id, by: opened.by, confirmed, approvals, ...limits, ...(incidents === undefined ? {} : { incidents }) };
  const tie = async (restore: unknown): Promise<void> => {
    if (typeof restore !== 'string' || incidents === undefined || incidents.length === 0) return;
    await linkRestore(opened, incidents, restore, read.header.id);
    live.note(`Tied to the open ${incidents.length === 1 ? 'incident' : 'incidents'} ${incidents.join(', ')}`);
  };
  try {
    const summary = await withResume(context, 'resume', 'latest', () => applyRestore(request, deps, call));
    await tie(summary.id);
    return await restoreOutcome(opened, summary);
  } catch (error) {
    await tie(isRunbackError(error) ? error.data['restore'] : undefined);
    const { withRefusals } = await import('../../runbooks/index.js');
    throw withRefusals(error, read.hash, refused);
  }
}

/**
 * What lifts the limits for a plan: approvals that count by escalation.yml, the one given with `--approve` among them. Without
 * a policy that one is enough.
 */
async function approvalsFor(
  opened: Session,
  { header, hash }: PlanSummary,
  approved: string | undefined,
): Promise<{ readonly approvals: readonly { readonly hash: string; readonly by: string }[]; readonly refused: readonly string[] }> {
  const policy = await opened.approvals();
  const { by, store, clock } = opened;
  if (policy === undefined) return { approvals: approved === undefined ? [] : [{ hash: approved, by }], refused: [] };
  const { liftingApprovals } = await import('../../runbooks/index.js');
  const at = clock.now().toISOString();
  const own = { authority: 'approve-restore', by, at, authenticated: 'none', journaled: false } as const;
  const given = approved === undefined ? [] : [{ ...own, of: approved }];
  return liftingApprovals({ of: hash, act: 'approve-restore', plan: header, requester: by }, policy, { store, clock }, given);
}

/** What did not come back with the records that a restore created again. */
async function lostBy(opened: Session, summary: Pick<RestoreSummary, 'plan' | 'keyMap'>): Promise<readonly LostOnCreate[]> {
  const { lostByRestore } = await import('../../restores/index.js');
  return lostByRestore(opened.store, summary);
}

/** The outcome of a restore or of its undo: 0 where all of it is done, 3 where anything was left (G28). */
async function restoreOutcome(opened: Session, summary: RestoreSummary): Promise<Outcome> {
  const { isLeft } = await import('../../restores/index.js');
  const whole = summary.state === 'done' || (summary.state === 'undone' && !isLeft(summary.undo ?? {}));
  const lost = await lostBy(opened, summary);
  return {
    data: { ...summary, ...(lost.length === 0 ? {} : { lost }) },
    text: (style) => restoreText(summary, style, { lost }),
    ...(whole ? {} : { exit: EXIT.partial }),
  };
}

async function resume(context: CommandContext): Promise<Outcome> {
  const opened = await context.session();
  const id = await findRestore(opened, context.input.required('restore'));
  const { createdOf, resumeRestore } = await import('../../restores/index.js');
  const { platform } = await createdOf(opened.store, id);
  const deps = await restoreDeps(opened, platform, context, context.input.text('moved-to'));
  context.live.start('Going on with the restore');
  return await restoreOutcome(opened, await withResume(context, 'resume', id, () => resumeRestore(id, opened.by, deps, context.call)));
}

async function undo(context: CommandContext): Promise<Outcome> {
  const { live, call, session, input } = context;
  const opened = await session();
  const id = await findRestore(opened, input.required('restore'));
  const { createdOf, readRestore, undoRestore } = await import('../../restores/index.js');
  const { platform } = await createdOf(opened.store, id);
  const deps = await restoreDeps(opened, platform, context, input.text('moved-to'));
  if (context.interactive && !context.globals.yes) {
    const summary = await readRestore(opened.store, id);
    live.print(restoreText(summary, context.style));
    const asker = await context.asker('--yes');
    const go = await asker.confirm({
      message: `Put back the ${counted(summary.applied, 'values')} that this restore replaced, where nobody changed them since?`,
      default: false,
    });
    if (!go) throw new RunbackError('person-needed', 'Not undone', { why: 'You said no.', state: 'Nothing was written.' });
  }
  live.start('Undoing');
  return await restoreOutcome(opened, await withResume(context, 'undo', id, () => undoRestore(id, opened.by, deps, call)));
}

async function verify(context: CommandContext): Promise<Outcome> {
  const { session, input, live, call } = context;
  const opened = await session();
  const read = await findPlan(opened, input.required('plan'));
  const { verifyRestore } = await import('../../restores/index.js');
  const deps = await restoreDeps(opened, read.header.platform, context, input.text('moved-to'));
  live.start('Comparing the platform with the plan');
  const summary = await verifyRestore(read.header.id, deps, call);
  const lost = read.header.lost ?? [];
  const looks = await looksIn(await opened.catalog(), read.header, summary.examples);
  return {
    data: { ...summary, ...(lost.length === 0 ? {} : { lost }) },
    text: (style) => verifySummaryText(summary, style, lost, looks),
    ...(summary.remaining > 0 ? { exit: EXIT.differences } : summary.byHand.length > 0 ? { exit: EXIT.partial } : {}),
  };
}

async function lost(context: CommandContext): Promise<Outcome> {
  const { input, session } = context;
  const file = await outputFile(context);
  const opened = await session();
  const { header } = await findPlan(opened, input.argument('plan') ?? 'latest');
  const { lostValuesOf } = await import('../../restores/index.js');
  const values: LostValue[] = [];
  for await (const value of lostValuesOf(opened.store, header.id)) values.push(value);
  const looks = await looksIn(await opened.catalog(), header, values);
  if (file !== undefined) {
    const { csvLine } = await import('../../snapshots/index.js');
    const rows = values.map(({ object, key, field, what, value }) => {
      const { name, address, page } = looks(object, key);
      return csvLine([name, address, page, object, key, field, what, Array.isArray(value) ? value.join('; ') : value]);
    });
    const columns = ['name', 'address', 'page', 'object', 'key', 'field', 'what', 'value'];
    await file.write((output) => pipeline(Readable.from([csvLine(columns), ...rows]), output));
  }
  return {
    data: { plan: header.id, lost: header.lost ?? [], values, ...(file === undefined ? {} : { path: file.path }) },
    text: (style) =>
      file === undefined
        ? lostText(header.lost ?? [], values, style, looks)
        : `${style.glyph.done} ${counted(values.length, 'values')} in ${file.path}`,
  };
}

async function left(context: CommandContext): Promise<Outcome> {
  const { input, session } = context;
  const file = await outputFile(context);
  const opened = await session();
  const read = await findPlan(opened, input.required('plan'));
  if (file === undefined) {
    const first = await firstLines(read.lines(), isConflict, FIRST);
    const looks = await looksIn(await opened.catalog(), read.header, first);
    const { conflicts, byHand = [] } = read.header.counts;
    return { data: { plan: read.header.id, conflicts, byHand, first }, text: (style) => leftText(read.header, first, style, looks) };
  }
  const { writeLeft } = await import('../flows/left.js');
  const { path } = file;
  const records = await writeLeft(openPlanOf(opened, read), file);
  return { data: { plan: read.header.id, path, lines: records }, text: (style) => `${style.glyph.done} ${path}: ${counted(records, 'lines')}` };
}

const PLAN = { name: 'plan', description: 'id of the plan, its beginning, or latest', kind: 'plan' as const };
const MOVED = { flags: '--moved-to <address>', description: 'the very same platform is now at this host and port' };
const RESTORE = { name: 'restore', description: 'id of the restore, its beginning, or latest', kind: 'restore' as const };

export const commands: readonly CommandSpec[] = [
  {
    verb: 'plan',
    summary: 'Work out what to put back; writes nothing to the platform',
    details: 'Compares the good snapshot with the damaged one, reads the present value of what differs, and saves a plan.',
    options: [
      { flags: '--platform <name>', description: 'platform that holds the damaged records', kind: 'platform', required: true },
      { flags: '--base <snapshot>', description: 'snapshot known to be good', kind: 'snapshot', required: true },
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
    ],
    examples: ['runback restore plan --platform hubspot --base latest-verified'],
    run: plan,
  },
  {
    verb: 'show',
    summary: 'A plan: what it writes, old and new, and its conflicts',
    args: [{ ...PLAN, optional: true }],
    options: [
      { flags: '--browse', description: 'search and page through every change' },
      { flags: '--decide', description: 'decide the conflicts one by one; makes a new plan' },
      { flags: '--choose <decision>', description: '<conflict id or code>=keep or =restore; makes a new plan', repeat: true },
      { flags: '--lines', description: 'with --json: every line as an event' },
    ],
    run: show,
  },
  {
    verb: 'apply',
    summary: 'Write what a plan lists',
    args: [PLAN],
    options: [
      { flags: '--confirm <environment:records>', description: 'the confirmation, where nobody can type it' },
      { flags: '--limit-records <n>', description: 'refuse more records than this' },
      { flags: '--approve <hash>', description: 'approve exactly this plan although it is over the limits' },
      MOVED,
    ],
    examples: ['runback restore apply plan-20261122-164733-k3vq --confirm production:256'],
    run: apply,
  },
  {
    verb: 'lost',
    summary: 'What records that are created again do not get back, value by value',
    details: 'Values that stand in the base snapshot and that nobody can write: secondary addresses, dates, statuses. For people, to mend by hand.',
    args: [{ ...PLAN, optional: true }],
    options: [{ flags: '--to <file>', description: 'CSV file to make', kind: 'file' }, OVERWRITE],
    examples: ['runback restore lost latest --to lost.csv'],
    run: lost,
  },
  { verb: 'resume', summary: 'Go on with a restore that stopped', args: [RESTORE], options: [MOVED], run: resume },
  { verb: 'undo', summary: 'Put back what a restore replaced, where nobody changed it since', args: [RESTORE], options: [MOVED], run: undo },
  {
    verb: 'left',
    summary: 'What a plan leaves for people: its conflicts, and what has to be put right by hand',
    args: [PLAN],
    options: [{ flags: '--to <file>', description: 'CSV file to write (default: the first of them on the screen)', kind: 'file' }, OVERWRITE],
    examples: ['runback restore left latest --to left.csv'],
    run: left,
  },
  { verb: 'verify', summary: 'Prove that the platform holds what a plan says', args: [PLAN], options: [MOVED], run: verify },
];
