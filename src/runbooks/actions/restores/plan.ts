import { z } from 'zod';

import { defined, detailsOf, isRunbackError, MOMENT_FORM, readMoment, RunbackError } from '../../../lib/index.js';
import type { ChosenCells, PlanFilters, PlanSummary } from '../../../restores/index.js';
import { filterSchema, kinds, readFilter, unattributed } from '../../document/filter.js';
import { defineAction, type ActionContext } from '../action.js';

const names = z.array(z.string()).min(1);

/** The zone of a time that names none is known where the runbook runs. */
const time = z.string().refine((text) => text === '' || readMoment(text, { now: new Date(), zone: 'UTC' }).ok, `expected ${MOMENT_FORM}`);

const input = z.strictObject({
  platform: z.string(),
  base: z.string().describe('The base snapshot.'),
  damaged: z.string().describe('The snapshot of the damage.'),
  filter: filterSchema.optional().describe('What the plan is limited to; an input of type filter works here.'),
  investigation: z.string().optional().describe('Exactly what groups of this investigation hold: those that are damage.'),
  groups: z.array(z.int().min(1)).min(1).optional().describe('With `investigation`: these groups instead, by number.'),
  objects: names.optional(),
  fields: names.optional(),
  except_fields: names.optional(),
  only: kinds.optional(),
  where: z.string().min(1).optional().describe('Joined with the one of the filter.'),
  suspects: z.array(z.string()).optional().describe('Writers the incident is about; those of the syncs that write to the platform if not given.'),
  since: time.optional().describe('When the damage began; empty: not known.'),
  until: time.optional(),
  unattributed: unattributed.optional(),
  delete_created: z.boolean().optional().describe('Also delete what the damage created.'),
});
type Input = z.infer<typeof input>;

/** Works out what was damaged and saves it as a plan. Writes nothing to the platform. */
export const restorePlan = defineAction<Input>({
  name: 'restore.plan',
  summary: 'Work out what was damaged, and save it as a plan',
  input,
  outputs: {
    plan: 'string',
    hash: 'string',
    records: 'int',
    of: 'int',
    percent: 'double',
    cells: 'int',
    changes: 'int',
    conflicts: 'int',
    unattributed: 'int',
    updates: 'int',
    creates: 'int',
    deletes: 'int',
    links: 'int',
    over_limits: 'bool',
    not_covered: 'int',
    unwritable: 'int',
    merged: 'int',
    undecided: 'int',
    lost: 'int',
  },
  effect: 'idempotent',
  onlyHere: true,
  act: () => 'plan',
  run: async (request, context) => {
    const { planRestore } = await import('../../../restores/index.js');
    const platform = await context.openPlatform(request.platform);
    const suspectsNamed = namesSuspects(request);
    const { base, damaged } = request;
    for (const doubt of await context.catalog.doubts([base, damaged], base)) context.options.reporter?.note(doubt);
    try {
      const plan = await planRestore(
        { base, damaged, inOrder: inOrderOfRun(request, context), suspectsNamed, by: context.by, ...(await limitsOf(request, context)) },
        { store: context.store, clock: context.clock, catalog: context.catalog, platform },
        context.options,
      );
      return await outputsOf(plan, context);
    } catch (error) {
      throw blaming(request, error);
    }
  },
  decide: async ({ plan }, choices, context) => {
    const { decideConflicts, readPlan } = await import('../../../restores/index.js');
    const { store, clock, catalog } = context;
    const { header } = await readPlan(store, String(plan));
    const platform = await context.openPlatform(header.platform);
    return (await decideConflicts(header.id, choices, context.by, { store, clock, catalog, platform })).header.id;
  },
  revise: async (outputs, replaced, next, context) => {
    if (outputs['plan'] !== replaced) return undefined;
    const { readPlan } = await import('../../../restores/index.js');
    const plan = await readPlan(context.store, next);
    if (plan.header.from !== replaced)
      throw new RunbackError('usage', `Plan ${next} does not follow from plan ${replaced}`, {
        state: 'Nothing was written.',
        next: `runback restore show ${next}`,
      });
    return await outputsOf(plan, context);
  },
  left: leftOfPlan,
  undo: { none: 'a plan changes nothing on a platform' },
  manual: (values) => [
    `Compare the good export (${values['base'] ?? '<base>'}) with that of the damage (${values['damaged'] ?? '<damaged>'}), record by record.`,
    'List every field that differs, with old and new value. Check each record as it is now: if a field was edited since, leave that field alone.',
    `By command: \`runback restore plan --platform ${values['platform'] ?? '<platform>'} --base ${values['base'] ?? '<base>'} --damaged ${values['damaged'] ?? '<damaged>'}\`.`,
  ],
});

/**
 * Whether the run itself knows that the base was there first: the damage is what one of its steps has taken, and the
 * base is what it began with, or what an earlier step took. The journal tells, and no clock.
 */
function inOrderOfRun({ base, damaged }: Input, { run }: ActionContext): boolean {
  const takenBy = (id: string): number | undefined =>
    run.steps.find(({ action, outputs }) => action === 'snapshot.create' && outputs['snapshot'] === id)?.order;
  const [before, after] = [takenBy(base), takenBy(damaged)];
  return after !== undefined && (before === undefined ? Object.values(run.firstInputs).includes(base) : before < after);
}

/** Somebody named the writers that are meant. */
const namesSuspects = ({ filter, suspects }: Input): boolean => filter?.suspects !== undefined || nonEmpty(suspects) !== undefined;

/** The limits, and with an investigation what its groups hold. Throws `usage` for one of other snapshots. */
async function limitsOf(request: Input, context: ActionContext): Promise<{ readonly filters: PlanFilters; readonly chosen?: ChosenCells }> {
  const filters = filtersOf(request, context);
  const { investigation: id = '', base, damaged, groups: numbers } = request;
  if (id === '' && numbers !== undefined)
    throw new RunbackError('usage', 'Groups were given, and no investigation that has them', {
      why: 'Without one, everything would be planned.',
      state: 'Nothing was written.',
      data: { limit: 'groups' },
    });
  if (id === '') return { filters };
  const { chosenCells, readInvestigation } = await import('../../../investigations/index.js');
  const found = await readInvestigation(context.store, id);
  if (found.header.platform !== request.platform)
    throw new RunbackError('usage', `Investigation ${id} is about another platform than this plan`, {
      why: `It is about ${found.header.platform}, and the plan is for ${request.platform}.`,
      state: 'Nothing was written.',
      data: { limit: 'investigation' },
    });
  if (found.header.base.snapshot !== base || found.header.damaged.snapshot !== damaged)
    throw new RunbackError('usage', `Investigation ${id} is about other snapshots than this plan`, {
      why: `It compared ${found.header.base.snapshot} with ${found.header.damaged.snapshot}, and the plan is of ${base} and ${damaged}.`,
      state: 'Nothing was written.',
      data: { limit: 'investigation' },
    });
  const { groups, cells, kept } = await chosenCells(context.store, found, numbers);
  const named = [...new Set(kept.flatMap(({ writer }) => writer ?? []))];
  // What no history tells of was chosen by its group, unless somebody said no to it.
  const isRefused = filters.unattributed === 'refuse' && (request.unattributed !== undefined || request.filter?.unattributed !== undefined);
  const unattributed = filters.unattributed === 'refuse' && !isRefused ? 'unknown' : filters.unattributed;
  const { suspects: limited, ...rest } = filters;
  // The writers that the syncs are declared with are a guess, which the groups know better; named ones are a limit.
  const given = namesSuspects(request) ? limited : undefined;
  const ofGroups = found.header.reading.history && named.length > 0 ? named : undefined;
  const suspects = defined({ suspects: ofGroups === undefined ? given : writers(ofGroups, given) });
  return { filters: { ...rest, ...suspects, unattributed, investigation: groups }, chosen: cells };
}

/** The limits of the runbook and of the person together: each narrows, neither replaces the other. */
function filtersOf(request: Input, { workspace, clock, zone }: ActionContext): PlanFilters {
  const now = clock.now();
  const read = readFilter(request.filter ?? {}, now, zone);
  if (!read.ok)
    throw new RunbackError('usage', `The filter cannot be used: ${read.problem}`, { state: 'Nothing was written.', data: { limit: 'filter' } });
  const own = read.filter;
  const { config } = workspace;
  const known = Object.values(config.syncs)
    .filter((sync) => sync.writes_to.includes(request.platform))
    .flatMap((sync) => sync.writes_as);
  const suspects = writers(own.suspects, nonEmpty(request.suspects)) ?? nonEmpty(request.suspects ?? known);
  const objects = both(own.objects, request.objects);
  const fields = both(own.fields, request.fields);
  const exceptFields = nonEmpty([...new Set([...(own.except_fields ?? []), ...(request.except_fields ?? [])])]);
  const only = both(own.only, request.only);
  const where = [request.where, own.where].filter((part) => part !== undefined);
  const since = edge(own.since, moment('since', request.since, now, zone), 'later');
  const until = edge(own.until, moment('until', request.until, now, zone), 'earlier');
  return {
    ...defined({ objects, fields, keys: own.keys, only }),
    ...(where.length === 0 ? {} : { where: where.length === 1 ? where[0] : where.map((part) => `(${part})`).join(' && ') }),
    ...defined({ exceptFields, since, until, suspects }),
    unattributed: saidYesTo(own.unattributed, request.unattributed),
    deleteCreated: (own.delete_created ?? request.delete_created ?? false) && request.delete_created !== false,
  };
}

/**
 * A person's word is the yes that it asks for; what a runbook refuses, as it does before it deletes, no filter lets
 * through.
 */
function saidYesTo(person: PlanFilters['unattributed'] | undefined, runbook: PlanFilters['unattributed'] | undefined): PlanFilters['unattributed'] {
  return runbook === 'refuse' ? runbook : (person ?? runbook ?? 'refuse');
}

/** What both lists allow; a list that is not given allows everything. */
function both<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((one) => b.includes(one));
}

/** Writers that both lists name; the narrower of two that cover each other. */
function writers(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a;
  const covers = (wide: string, narrow: string): boolean => (wide.endsWith('*') ? narrow.startsWith(wide.slice(0, -1)) : wide === narrow);
  const common = [...a.filter((one) => b.some((other) => covers(other, one))), ...b.filter((one) => a.some((other) => covers(other, one)))];
  if (common.length > 0) return [...new Set(common)];
  throw new RunbackError('usage', 'The filter names no writer that this step looks for', {
    why: `The step looks for ${b.join(', ')}.`,
    state: 'Nothing was written.',
    data: { limit: 'suspects' },
  });
}

/** A time of the runbook; empty where it is not known. Throws `usage`. */
function moment(limit: 'since' | 'until', text: string | undefined, now: Date, zone: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const read = readMoment(text, { now, zone });
  if (read.ok) return read.at.toISOString();
  throw new RunbackError('usage', `"${text}" is not a valid time: ${read.problem}`, {
    ...defined({ why: read.why }),
    state: 'Nothing was written.',
    data: { limit },
  });
}

function edge(a: string | undefined, b: string | undefined, which: 'later' | 'earlier'): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Date.parse(a) > Date.parse(b) === (which === 'later') ? a : b;
}

/** The name that each limit has in a filter, and under `with`. */
const NAMES: Readonly<Record<string, keyof z.infer<typeof filterSchema>>> = {
  objects: 'objects',
  fields: 'fields',
  exceptFields: 'except_fields',
  keys: 'keys',
  only: 'only',
  where: 'where',
  since: 'since',
  until: 'until',
  suspects: 'suspects',
};

/**
 * Says under which name of `with` a limit was given that cannot be honoured, so that whoever gave it can be asked
 * again.
 */
function blaming(request: Input, error: unknown): unknown {
  if (isRunbackError(error, 'snapshots-swapped')) return blamed(error, 'base');
  const limit = isRunbackError(error) ? error.data['limit'] : undefined;
  if (!isRunbackError(error) || typeof limit !== 'string') return error;
  const name = NAMES[limit];
  return blamed(error, name === undefined || request.filter?.[name] !== undefined ? 'filter' : name);
}

function blamed(error: RunbackError, value: string): RunbackError {
  const { data, ...details } = detailsOf(error);
  return new RunbackError(error.code, error.message, { ...details, data: { ...data, value }, cause: error });
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** What no restore brings back, or what waits for a person's word: a run that knows of it is no success. */
function leftOfPlan({ plan, unwritable, merged, undecided }: Readonly<Record<string, unknown>>): string | undefined {
  const some = (count: unknown, one: string, many: string): readonly string[] =>
    typeof count === 'number' && count > 0 ? [`${count} ${count === 1 ? one : many}`] : [];
  const left = [
    ...some(unwritable, 'value whose field or option is no longer there as it was', 'values whose field or option is no longer there as it was'),
    ...some(merged, 'record that was merged into another', 'records that were merged into others'),
    ...some(undecided, 'change that waits for a decision', 'changes that wait for a decision'),
  ];
  return left.length === 0 ? undefined : `${left.join(', ')} (runback restore left ${String(plan)})`;
}

/** Conflicts about consent and what cannot be taken back. What people put right by hand is counted when they have. */
async function undecidedIn(id: string, { store }: ActionContext): Promise<number> {
  const { readPlan } = await import('../../../restores/index.js');
  let count = 0;
  for await (const line of (await readPlan(store, id)).lines())
    if (line.kind === 'conflict' && line.byHand === undefined && (line.code === 'consent' || line.code === 'irreversible')) count += 1;
  return count;
}

/** Conflicts that end once somebody puts the definition of a field back as it was. */
const GONE = ['option-removed', 'field-removed', 'type-changed'] as const;

async function outputsOf(plan: PlanSummary, context: ActionContext): Promise<Record<string, unknown>> {
  const { excessOf } = await import('../../../restores/index.js');
  const { counts } = plan.header;
  const { actions, conflicts } = counts;
  const sum = (values: readonly (number | undefined)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return {
    plan: plan.header.id,
    hash: plan.hash,
    records: counts.records,
    of: counts.of,
    percent: counts.of === 0 ? 0 : (counts.records / counts.of) * 100,
    cells: counts.cells,
    changes: sum(Object.values(actions)),
    conflicts: sum(Object.values(conflicts)),
    unattributed: conflicts.unattributed ?? 0,
    updates: actions.update ?? 0,
    creates: sum([actions.create, actions.undelete]),
    deletes: actions.delete ?? 0,
    links: sum([actions.link, actions.unlink]),
    over_limits: excessOf(counts, context.run.limits) !== undefined,
    // Object types and kinds of link that the plan says nothing about; records that are created again and do not come
    // back whole.
    not_covered: plan.header.notCovered?.length ?? 0,
    unwritable: sum(GONE.map((code) => conflicts[code])),
    merged: conflicts['merged-away'] ?? 0,
    // Somebody would be opted in, or there is no way back: nobody has said yes or no to it.
    undecided: sum([conflicts.consent, conflicts.irreversible]) === 0 ? 0 : await undecidedIn(plan.header.id, context),
    lost: sum((plan.header.lost ?? []).map(({ records }) => records)),
  };
}
