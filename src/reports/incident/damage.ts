import type { Block, Inlines } from '../../document/index.js';
import { formatCount as count } from '../../lib/index.js';
import { recordInlines, shownValue } from '../shown.js';
import type { ChangeExample, PlanFacts, ReportData, RestoreFacts } from '../types.js';

const SHOWN_FIELDS = 12;

/** What was damaged, in exact numbers: from the plans that undo it. */
export function impactBlocks({ impact, plans: all, headline }: ReportData): readonly Block[] {
  // A plan that another one came in the place of is history: what counts is what was, or would be, written.
  const plans = all.filter(({ replaced }) => replaced === undefined);
  const text: Block =
    impact === undefined
      ? { kind: 'to-write', hint: 'To be written: who and what was affected, in business terms.' }
      : { kind: 'paragraph', text: impact };
  if (all.length === 0) return [text, { kind: 'paragraph', text: 'No plan is linked, so no number of records is on record.' }];
  return [
    text,
    ...repaired(headline),
    overview(plans),
    ...replacedPlans(all),
    byObject(plans),
    byField(plans),
    ...conflicts(plans),
    ...notCovered(plans),
    ...notBroughtBack(plans),
    ...examples(plans),
  ];
}

/** Damaged, repaired and left by object type, and the first of what is left. */
function repaired({ objects, examples: left, damaged }: ReportData['headline']): readonly Block[] {
  if (damaged === 0) return [];
  const rows = objects.map((one) => ({ cells: [one.object, count(one.damaged), count(one.repaired), count(one.left)] }));
  const columns = ['Object type', { number: 'Damaged' }, { number: 'Repaired' }, { number: 'Left' }];
  const records = left.map((one) => ({ cells: [recordInlines(one), { code: one.why }] as readonly Inlines[] }));
  return [
    { kind: 'table', caption: 'Records, each counted once', columns, rows },
    ...(left.length === 0
      ? []
      : [{ kind: 'table', caption: 'Records that are left, the first of them', columns: ['Record', 'Why'], rows: records } as const]),
  ];
}

/** Plans that others came in the place of, and what those leave out. */
function replacedPlans(plans: readonly PlanFacts[]): readonly Block[] {
  const rows = plans.flatMap(({ id, replaced }) => {
    if (replaced === undefined) return [];
    const { by, person, at, how, limits = '', leftOut } = replaced;
    const cells = [
      { code: id },
      { row: by, section: 'Impact' },
      [how, ' by ', person, ', ', { time: at }],
      limits,
      count(leftOut.records),
      count(leftOut.fields),
    ] as readonly Inlines[];
    return [{ id, cells }];
  });
  const columns = ['Plan', 'Instead', 'How', 'Limits', { number: 'Records left out' }, { number: 'Fields left out' }];
  return rows.length === 0 ? [] : [{ kind: 'table', caption: 'Plans that were not applied, and the plans that replaced them', columns, rows }];
}

function overview(plans: readonly PlanFacts[]): Block {
  return {
    kind: 'table',
    caption: 'Plans, and the damage they found',
    columns: ['Plan', 'Platform', 'Made', { number: 'Records' }, { number: 'Of' }, { number: 'Fields' }, { number: 'Conflicts' }, 'Written by'],
    rows: plans.map((plan) => ({
      id: plan.id,
      cells: [
        { code: plan.id },
        `${plan.platform}, account ${plan.account} (${plan.environment})`,
        [{ time: plan.createdAt }, ` by ${plan.createdBy}`],
        count(plan.records),
        count(plan.of),
        count(plan.fields),
        count(sum(plan.conflicts)),
        plan.writers.map(({ writer, changes }) => `${writer} (${count(changes)})`).join(', ') || 'not known',
      ],
    })),
  };
}

function byObject(plans: readonly PlanFacts[]): Block {
  return {
    kind: 'table',
    caption: 'By object type',
    columns: ['Object type', 'Plan', { number: 'Records' }, { number: 'Fields' }, { number: 'Links' }],
    rows: plans.flatMap(({ id, objects }) =>
      objects.map(({ object, records, fields, links }) => ({
        cells: [object, { row: id, section: 'Impact' }, count(records), count(fields), count(links)],
      })),
    ),
  };
}

function byField(plans: readonly PlanFacts[]): Block {
  const rows = plans.flatMap(({ fieldCounts }) => fieldCounts.slice(0, SHOWN_FIELDS));
  const more = plans.reduce((left, { fieldCounts }) => left + Math.max(0, fieldCounts.length - SHOWN_FIELDS), 0);
  return {
    kind: 'table',
    caption: more === 0 ? 'By field' : `By field, the most frequent; ${count(more)} more are in the plans`,
    columns: ['Field', 'Object type', { number: 'Changes' }],
    rows: rows.map(({ object, field, changes }) => ({ cells: [field, object, count(changes)] })),
  };
}

function conflicts(plans: readonly PlanFacts[]): readonly Block[] {
  const rows = plans.flatMap(({ id, conflicts: codes }) =>
    Object.entries(codes)
      .filter(([, n]) => n > 0)
      .map(([code, n]) => ({ cells: [{ code }, { row: id, section: 'Impact' }, count(n)] as readonly Inlines[] })),
  );
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'Conflicts in the plans: not written unless a person decided',
          columns: ['Code', 'Plan', { number: 'Changes' }],
          rows,
        },
        {
          kind: 'table',
          caption: 'Conflicts, the first of them',
          columns: ['Record', 'Field', 'Code'],
          rows: plans.flatMap(({ conflictExamples: some }) =>
            some.map((one) => ({
              cells: [recordInlines(one), one.field === '' ? 'the whole record' : one.field, { code: one.code }] as readonly Inlines[],
            })),
          ),
        },
      ];
}

function notCovered(plans: readonly PlanFacts[]): readonly Block[] {
  const rows = plans.flatMap(({ id, notCovered: items }) =>
    items.map(({ object, why }) => ({ cells: [object, { row: id, section: 'Impact' }, why] as readonly Inlines[] })),
  );
  return rows.length === 0 ? [] : [{ kind: 'table', caption: 'Not covered by the plans', columns: ['What', 'Plan', 'Why'], rows }];
}

/** Counts only: the values are personal data, and stand in what `restore lost` lists. */
function notBroughtBack(plans: readonly PlanFacts[]): readonly Block[] {
  const rows = plans.flatMap(({ id, lost }) =>
    lost.flatMap(({ object, records, always, fields }) => [
      ...fields.map(({ field, what, records: n }) => ({
        cells: [object, { row: id, section: 'Impact' }, `${what} (${field})`, count(n)] as readonly Inlines[],
      })),
      ...always.map((what) => ({ cells: [object, { row: id, section: 'Impact' }, what, count(records)] as readonly Inlines[] })),
    ]),
  );
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'What records that are created again do not get back',
          columns: ['Object type', 'Plan', 'What', { number: 'Records' }],
          rows,
        },
      ];
}

function examples(plans: readonly PlanFacts[]): readonly Block[] {
  const rows = plans.flatMap(({ examples: all }) =>
    all.map((one) => ({ cells: [recordInlines(one), ...movedInlines(one), one.writer ?? 'not known'] as readonly Inlines[] })),
  );
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'Examples, in the order of the plans',
          columns: ['Record', 'Field', 'Damaged value', 'Good value', 'Written by'],
          rows,
        },
      ];
}

/** What a change does: to a field, or to the whole record. */
function movedInlines({ action, field, from, to }: ChangeExample): readonly Inlines[] {
  if (action === 'delete') return ['the whole record', 'created', 'deleted again'];
  if (action === 'undelete') return ['the whole record', 'deleted', 'brought back'];
  return [field, shownValue(from), shownValue(to)];
}

/** What the restores did. */
export function restoreBlocks({ restores, runs }: ReportData): readonly Block[] {
  if (restores.length === 0) return [{ kind: 'paragraph', text: 'Nothing was restored.' }];
  const overview: Block = {
    kind: 'table',
    caption: 'What was written back',
    columns: ['Restore', 'Plan', 'State', 'By', 'Began', 'Ended'],
    rows: restores.map(({ id, plan, state, stoppedBecause, by, byHand, startedAt, finishedAt, undoneAt }) => ({
      id,
      cells: [
        { code: id },
        { row: plan, section: 'Impact' },
        stoppedBecause === undefined ? state : `${state}: ${stoppedBecause}`,
        byHand ? `${by}, by hand` : by,
        { time: startedAt },
        finishedAt === undefined ? 'not on record' : [{ time: finishedAt }, ...(undoneAt === undefined ? [] : [', undone ', { time: undoneAt }])],
      ],
    })),
  };
  const totals: Block = {
    kind: 'table',
    caption: 'Changes in total',
    columns: ['Restore', { number: 'Changes' }, ...OUTCOMES.map(([, title]) => ({ number: title })), { number: 'Undone' }],
    rows: restores.map((one) => ({
      cells: [{ row: one.id, section: 'Restores' }, count(one.total), ...OUTCOMES.map(([name]) => count(one[name])), count(one.undone)],
    })),
  };
  const objects: Block = {
    kind: 'table',
    caption: 'Changes by object type',
    columns: ['Object type', 'Restore', ...OUTCOMES.map(([, title]) => ({ number: title }))],
    rows: restores.flatMap(({ id, objects: all }) =>
      all.map((one) => ({ cells: [one.object, { row: id, section: 'Restores' }, ...OUTCOMES.map(([name]) => count(one[name]))] })),
    ),
  };
  return [overview, totals, objects, ...refusals(restores), ...besides(restores), ...proofs(runs)];
}

const OUTCOMES = [
  ['applied', 'Applied'],
  ['moved', 'Left alone'],
  ['rejected', 'Refused'],
  ['failed', 'Failed'],
  ['inDoubt', 'In doubt'],
] as const satisfies readonly (readonly [keyof RestoreFacts, string])[];

function refusals(restores: readonly RestoreFacts[]): readonly Block[] {
  const rows = restores.flatMap(({ id, reasons, moved }) =>
    Object.entries({ ...(moved > 0 ? { 'moved-since-plan': moved } : {}), ...reasons }).map(([code, n]) => ({
      cells: [{ code }, { row: id, section: 'Restores' }, count(n)] as readonly Inlines[],
    })),
  );
  const messages = [...new Set(restores.flatMap((one) => one.messages))];
  return [
    ...(rows.length === 0
      ? []
      : [{ kind: 'table', caption: 'Changes that were not made, by code', columns: ['Code', 'Restore', { number: 'Changes' }], rows } as const]),
    ...(messages.length === 0
      ? []
      : [{ kind: 'facts', caption: 'What the platform said', rows: messages.map((text, i) => [String(i + 1), text] as const) } as const]),
  ];
}

function besides(restores: readonly RestoreFacts[]): readonly Block[] {
  const rowsOf = (name: 'beside' | 'fieldsLeft' | 'altered') =>
    restores.flatMap((restore) =>
      restore[name].map(({ object, field, count: n }) => ({
        cells: [object, field === '' ? 'the whole record' : field, { row: restore.id, section: 'Restores' }, count(n)] as readonly Inlines[],
      })),
    );
  const columns = ['Object type', 'Field', 'Restore', { number: 'Values' }] as const;
  return (
    [
      ['Fields that the platform refused', rowsOf('fieldsLeft')],
      ['Values that the platform stored differently', rowsOf('altered')],
      ['What the platform changed by itself', rowsOf('beside')],
    ] as const
  ).flatMap(([caption, rows]): Block[] => (rows.length === 0 ? [] : [{ kind: 'table', caption, columns, rows }]));
}

function proofs(runs: ReportData['runs']): readonly Block[] {
  const rows = runs.flatMap(({ id, verified }) =>
    verified.map(({ at, plan, checked, remaining }) => ({
      cells: [{ time: at }, { row: plan, section: 'Impact' }, { row: id, section: 'Runs' }, count(checked), count(remaining)] as readonly Inlines[],
    })),
  );
  return rows.length === 0
    ? []
    : [{ kind: 'table', caption: 'Verifications', columns: ['When', 'Plan', 'Run', { number: 'Checked' }, { number: 'Not as planned' }], rows }];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, n) => all + n, 0);
}
