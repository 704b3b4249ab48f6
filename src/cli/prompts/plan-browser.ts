import { defined } from '../../lib/index.js';
import type { PlanChange, PlanLine } from '../../restores/index.js';
import { recordsOf } from '../flows/restores/looks.js';
import {
  changeLine,
  changesTable,
  changeText,
  dangerText,
  type FieldCount,
  fieldsTable,
  firstLines,
  isChange,
  planText,
} from '../views/restores/plan.js';
import { type Looks, noLooks } from '../views/restores/record.js';
import { count, counted } from '../views/text/format.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';

type BrowserDeps = Pick<OperatorDeps, 'style' | 'print'>;

const FIRST = 10;
/** Lines of a plan that are kept in memory for searching; larger plans are browsed in this many at a time. */
const WINDOW = 5000;

/** Prints a plan as people need it: its head and its first ten changes, old → new. */
export async function showPlan(plan: OpenPlan, { style, print }: BrowserDeps, options: { readonly danger?: boolean } = {}): Promise<void> {
  const { header } = plan.summary;
  print(planText(plan.summary, style));
  const fields = await fieldCounts(plan);
  if (fields.length > 0) print(`\n${fieldsTable(fields, style)}`);
  const first = await firstLines(plan.lines(), isChange, FIRST);
  if (first.length > 0) print(`\n${changesTable(first, style, await looksOf(plan, first))}`);
  const all = Object.values(header.counts.actions).reduce((sum, n) => sum + n, 0);
  if (all > first.length) print(`  ... and ${counted(all - first.length, 'more changes')}.`);
  if (options.danger === true) print(`\n${dangerText(header, 'runback restore undo latest, or undo the run', style)}`);
}

/** Changes of a plan by field, most first: what damage looks like at a glance. */
export async function fieldCounts(plan: OpenPlan): Promise<readonly FieldCount[]> {
  const { groupsOfPlan } = await import('../../reports/index.js');
  const lines = async function* (): AsyncGenerator<readonly PlanLine[]> {
    for await (const line of plan.lines()) yield [line];
  };
  const { changes } = await groupsOfPlan(lines());
  return changes.filter(({ action }) => action === 'update');
}

/**
 * Lets a person search and page through the changes of a plan, looking at one at a time, until they have seen enough.
 * After each look the list is as it was: what was typed stays, and the cursor stands where it stood.
 */
export async function browsePlan(plan: OpenPlan, { asker, style, print }: BrowserDeps & Pick<OperatorDeps, 'asker'>): Promise<void> {
  let skip = 0;
  let term = '';
  let at: PlanChange | undefined;
  for (;;) {
    const { changes, more } = await windowOf(plan, skip);
    const looks = await looksOf(plan, changes);
    const here = at === undefined ? undefined : changes.find(({ n }) => n === at?.n);
    const chosen = await asker.search<PlanChange | 'back' | 'more'>({
      message: skip === 0 ? 'Changes (type to search)' : `Changes from ${count(skip + 1)} (type to search)`,
      pageSize: FIRST,
      term,
      onTerm: (typed) => (term = typed),
      ...defined({ default: here }),
      choices: [
        { value: 'back', name: 'Back', always: true },
        ...changes.map((change) => ({ value: change, name: changeLine(change, style, looks) })),
        ...(more ? [{ value: 'more' as const, name: `Show the next ${count(WINDOW)}`, always: true as const }] : []),
      ],
    });
    if (chosen === 'back') return;
    if (chosen === 'more') {
      skip += WINDOW;
      at = undefined;
    } else {
      at = chosen;
      print(changeText(chosen, style, looks));
    }
  }
}

/** How people know the records of some changes, where the plan can tell. */
export async function looksOf(plan: Pick<OpenPlan, 'looks'>, lines: readonly PlanLine[]): Promise<Looks> {
  return (await plan.looks?.(recordsOf(lines))) ?? noLooks;
}

async function windowOf(plan: OpenPlan, skip: number): Promise<{ readonly changes: PlanChange[]; readonly more: boolean }> {
  const changes: PlanChange[] = [];
  let seen = 0;
  for await (const line of plan.lines()) {
    if (!isChange(line)) continue;
    seen += 1;
    if (seen <= skip) continue;
    if (changes.length === WINDOW) return { changes, more: true };
    changes.push(line);
  }
  return { changes, more: false };
}
