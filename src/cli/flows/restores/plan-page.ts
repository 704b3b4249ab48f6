import { pipeline } from 'node:stream/promises';

import { defined, RunbackError } from '../../../lib/index.js';
import type { PlanPage } from '../../../reports/index.js';
import type { Plan, PlanFilters, PlanLine } from '../../../restores/index.js';
import { csvLine } from '../../../snapshots/index.js';
import type { OpenPlan } from '../../prompts/operator-deps.js';
import { type OutputFile, writeText } from '../../shell/output-file.js';
import { choiceNames, CONFLICT_WORDS } from '../../views/restores/conflict.js';
import { notCoveredLines } from '../../views/restores/plan-source.js';
import { ACTION_WORDS, effectOf, filterWords } from '../../views/restores/plan-words.js';
import { noLooks } from '../../views/restores/record.js';
import { recordsOf } from './looks.js';

/** What of a plan was written. */
export interface WrittenPlan {
  readonly kind: 'page' | 'csv';
  /** Of a table, without its head. */
  readonly lines: number;
}

/**
 * Writes a plan for other eyes: as a page (`.html`, `.md`) with its groups and examples, or every value as CSV.
 * `personal`: with values of records; else placeholders stand for them. Throws `usage` for any other ending.
 */
export async function writePlan(open: OpenPlan, plan: Plan, file: OutputFile, personal: boolean): Promise<WrittenPlan> {
  const ending = /\.(html?|md|csv)$/iu.exec(file.path)?.[1]?.toLowerCase();
  if (ending === undefined)
    throw new RunbackError('usage', `${file.path} has an ending that says nothing`, {
      why: 'The ending of --to says what is written: a page (.html, .md), or every change as a table (.csv).',
      state: 'Nothing was written.',
      next: `runback restore show ${plan.header.id} --to plan.html`,
    });
  if (ending === 'csv') return { kind: 'csv', lines: await writeTable(open, plan, file, personal) };
  const page = await pageOf(open, plan, personal);
  const { planHtml, planMarkdown } = await import('../../../reports/index.js');
  await writeText(file, ending === 'md' ? planMarkdown(page) : planHtml(page));
  return { kind: 'page', lines: 0 };
}

async function pageOf(open: OpenPlan, plan: Plan, personal: boolean): Promise<PlanPage> {
  const { groupsOfPlan } = await import('../../../reports/index.js');
  const { header, hash, schema } = plan;
  const groups = await groupsOfPlan(plan.linesTogether());
  const shown = [
    ...groups.changes
      .flatMap(({ examples }) => examples)
      .flatMap(({ object, key, called, to }) => [{ object, key, ...defined({ called }) }, ...(to === undefined ? [] : [to])]),
    ...groups.conflicts.flatMap(({ examples }) => examples),
  ];
  return {
    plan: { header, hash },
    schema,
    groups,
    words: {
      actions: ACTION_WORDS,
      conflicts: CONFLICT_WORDS,
      choices: (conflict) => choiceNames(conflict, 'the record'),
      filters: filterWords(personal ? header.filters : withoutValues(header.filters)),
      effect: effectOf(header),
      notCovered: notCoveredLines(header.notCovered ?? []),
    },
    looks: (await open.looks?.(shown)) ?? noLooks,
    personal,
  };
}

async function writeTable(open: OpenPlan, plan: Plan, file: OutputFile, personal: boolean): Promise<number> {
  const { PLAN_COLUMNS, placeholders, planRows } = await import('../../../reports/index.js');
  const hide = personal ? {} : { hide: placeholders() };
  let lines = 0;
  const texts = async function* (): AsyncGenerator<string> {
    yield csvLine(PLAN_COLUMNS);
    for await (const some of plan.linesTogether()) {
      const rows = planRows(some, { looks: await looksOf(open, some), ...hide });
      lines += rows.length;
      yield rows.map((row) => csvLine(row)).join('');
    }
  };
  await file.write((output) => pipeline(texts, output));
  return lines;
}

async function looksOf(open: OpenPlan, lines: readonly PlanLine[]): Promise<typeof noLooks> {
  return (await open.looks?.(recordsOf(lines))) ?? noLooks;
}

/** Limits without what may be values of records: the expression, and keys that may be addresses. */
function withoutValues({ where, keys, ...rest }: PlanFilters): PlanFilters {
  return {
    ...rest,
    ...(where === undefined ? {} : { where: '(an expression)' }),
    ...(keys === undefined ? {} : { keys: keys.map((_, i) => `[key ${i + 1}]`) }),
  };
}
