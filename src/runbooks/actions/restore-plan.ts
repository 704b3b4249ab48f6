import { z } from 'zod';

import { RunbackError } from '../../lib/index.js';
import { DAMAGE_KINDS, type PlanFilters, type PlanSummary } from '../../restores/index.js';
import { defineAction, type ActionContext } from './action.js';

const names = z.array(z.string()).min(1);

const kinds = z.array(z.enum(DAMAGE_KINDS)).min(1);

/** What a plan may be limited to, as a runbook or a person writes it. */
const filterSchema = z.strictObject({
  objects: names.optional(),
  fields: names.optional(),
  except_fields: names.optional().describe('Fields that are left as they are.'),
  keys: names.optional(),
  only: kinds.optional().describe('Kinds of damage to put right: changed, deleted, created, links.'),
  where: z.string().min(1).optional().describe('CEL over object, key, field, base, damaged, live.'),
  since: z.string().optional(),
  until: z.string().optional(),
  suspects: names.optional().describe('Writers, as the history of the platform names them; exact, or a prefix ending in *.'),
  unattributed: z.enum(['include', 'refuse', 'unknown']).optional(),
  delete_created: z.boolean().optional(),
});

const input = z.strictObject({
  platform: z.string(),
  base: z.string().describe('The good snapshot.'),
  damaged: z.string().describe('The snapshot of the damage.'),
  filter: filterSchema.optional().describe('What the plan is limited to; an input of type filter fits here.'),
  objects: names.optional(),
  fields: names.optional(),
  except_fields: names.optional(),
  only: kinds.optional(),
  where: z.string().min(1).optional().describe('Joined with the one of the filter.'),
  suspects: z.array(z.string()).optional().describe('Writers the incident is about; those of the syncs that write to the platform if not given.'),
  since: z.string().optional().describe('When the damage began; empty: not known.'),
  until: z.string().optional(),
  unattributed: z.enum(['include', 'refuse', 'unknown']).optional(),
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
    lost: 'int',
  },
  effect: 'idempotent',
  act: () => 'plan',
  run: async (request, context) => {
    const { planRestore } = await import('../../restores/index.js');
    const platform = await context.openPlatform(request.platform);
    const plan = await planRestore(
      { base: request.base, damaged: request.damaged, filters: filtersOf(request, context), by: context.by },
      { store: context.store, clock: context.clock, catalog: context.catalog, platform },
      context.options,
    );
    return await outputsOf(plan, context);
  },
  revise: async (outputs, replaced, next, context) => {
    if (outputs['plan'] !== replaced) return undefined;
    const { readPlan } = await import('../../restores/index.js');
    const plan = await readPlan(context.store, next);
    if (plan.header.from !== replaced)
      throw new RunbackError('usage', `Plan ${next} does not follow from plan ${replaced}`, {
        state: 'Nothing was written.',
        next: `runback restore show ${next}`,
      });
    return await outputsOf(plan, context);
  },
  undo: { none: 'a plan changes nothing on a platform' },
  manual: (values) => [
    `Compare the good export (${values['base'] ?? '<base>'}) with that of the damage (${values['damaged'] ?? '<damaged>'}), record by record.`,
    'List every field that differs, with old and new value. Look at each record as it is now: where it was edited since, leave that field alone.',
    `By command: \`runback restore plan --platform ${values['platform'] ?? '<platform>'} --base ${values['base'] ?? '<base>'} --damaged ${values['damaged'] ?? '<damaged>'}\`.`,
  ],
});

function filtersOf(request: Input, { workspace }: ActionContext): PlanFilters {
  const own = request.filter ?? {};
  const { config } = workspace;
  const known = Object.values(config.syncs)
    .filter((sync) => sync.writes_to.includes(request.platform))
    .flatMap((sync) => sync.writes_as);
  const suspects = own.suspects ?? nonEmpty(request.suspects ?? known);
  const objects = own.objects ?? request.objects;
  const fields = own.fields ?? request.fields;
  const exceptFields = own.except_fields ?? request.except_fields;
  const only = request.only ?? own.only;
  const where = [request.where, own.where].filter((part) => part !== undefined);
  const since = own.since ?? request.since;
  const until = own.until ?? request.until;
  return {
    ...(objects === undefined ? {} : { objects }),
    ...(fields === undefined ? {} : { fields }),
    ...(own.keys === undefined ? {} : { keys: own.keys }),
    ...(only === undefined ? {} : { only }),
    ...(where.length === 0 ? {} : { where: where.length === 1 ? where[0] : where.map((part) => `(${part})`).join(' && ') }),
    ...(exceptFields === undefined ? {} : { exceptFields }),
    ...(since === undefined || since === '' ? {} : { since }),
    ...(until === undefined || until === '' ? {} : { until }),
    ...(suspects === undefined ? {} : { suspects }),
    unattributed: own.unattributed ?? request.unattributed ?? 'refuse',
    deleteCreated: own.delete_created ?? request.delete_created ?? false,
  };
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

async function outputsOf(plan: PlanSummary, context: ActionContext): Promise<Record<string, unknown>> {
  const { excessOf } = await import('../../restores/index.js');
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
    // Object types and kinds of link that the plan says nothing about; records that are created again and do not come back whole.
    not_covered: plan.header.notCovered?.length ?? 0,
    lost: sum((plan.header.lost ?? []).map(({ records }) => records)),
  };
}
