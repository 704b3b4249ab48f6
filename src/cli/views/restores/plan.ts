import type { PlatformSchema } from '../../../connectors/index.js';
import type {
  FieldMove,
  LinkChange,
  LostOnCreate,
  LostValue,
  PlanChange,
  PlanConflict,
  PlanHeader,
  PlanLine,
  PlanSummary,
} from '../../../restores/index.js';
import { count, counted, facts, table, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { attributionWords } from './attribution.js';
import { CONFLICT_WORDS } from './conflict.js';
import { notCoveredLines, sourceOf } from './plan-source.js';
import { ACTION_WORDS, filterWords } from './plan-words.js';
import { type Looks, noLooks, pageLine, recordTable, recordText, type RecordRow } from './record.js';

const SHOWN_VALUES = 20;

/** The head of a plan: from where, what it writes, what it leaves. */
export function planText(plan: PlanSummary, style: Style, proof?: string): string {
  const { header } = plan;
  const { counts } = header;
  const share = counts.of === 0 ? '' : ` of ${count(counts.of)} (${percent(counts.records, counts.of)})`;
  const actions = Object.entries(counts.actions).filter(([, n]) => n > 0);
  const conflicts = Object.entries(counts.conflicts).filter(([, n]) => n > 0);
  const pairs: [string, string][] = [
    ['Plan', header.id],
    [
      'Platform',
      `${visible(header.platform)} (${header.environment}, account ${visible(header.account)}${header.address === undefined ? '' : ` at ${visible(header.address)}`})`,
    ],
    ...sourceOf(header, style, proof),
    ['Writes', `${counted(counts.records, 'records')}${share}, ${counted(counts.cells, 'values')}`],
  ];
  if (actions.length > 0)
    pairs.push(['Of these', actions.map(([action, n]) => `${ACTION_WORDS[action as PlanChange['action']]} ${count(n)}`).join(', ')]);
  for (const [i, [code, n]] of conflicts.entries())
    pairs.push([i === 0 ? 'Left alone' : '', `${count(n)} × ${code}: ${CONFLICT_WORDS[code as PlanConflict['code']]}`]);
  for (const [i, { object, field, records, how }] of (counts.byHand ?? []).entries())
    pairs.push([i === 0 ? 'By hand' : '', visible(`${counted(records, 'records')} of ${object}: ${field} is damaged and cannot be written. ${how}`)]);
  if (counts.byHand !== undefined) pairs.push(['', `The list: runback restore left ${header.id} --to left.csv`]);
  if (counts.unproved !== undefined)
    pairs.push([
      'Unproved',
      `${counted(counts.unproved, 'changes')} among these: nothing ties them to the incident, ${header.filters.investigation === undefined ? 'and --unattributed includes them' : 'and they are in groups that you took'}`,
    ]);
  if (counts.nothingToDo > 0) pairs.push(['Nothing to do', counted(counts.nothingToDo, 'differences')]);
  for (const [i, line] of notCoveredLines(header.notCovered ?? []).entries()) pairs.push([i === 0 ? 'Not covered' : '', line]);
  for (const [i, line] of withheldLines(header.withheld ?? {}).entries()) pairs.push([i === 0 ? 'Never stored' : '', line]);
  for (const [i, line] of lostLines(header.lost ?? []).entries()) pairs.push([i === 0 ? 'Not brought back' : '', line]);
  if (hasValues(header.lost ?? [])) pairs.push(['', `List: runback restore lost ${header.id} --to lost.csv`]);
  const filters = filterWords(header.filters);
  if (filters !== '') pairs.push(['Limited to', filters]);
  pairs.push(['Made', `${time(header.createdAt, style)} by ${visible(header.createdBy)}`], ['Hash', plan.hash]);
  return facts(pairs, style);
}

function withheldLines(withheld: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.entries(withheld).map(
    ([object, names]) => `${visible(object)}: ${visible(names.join(', '))}; nothing is known of these and they stay as they are`,
  );
}

/**
 * What records that are created again do not get back, one line an object type: first what stands in the base snapshot,
 * by how many hold it.
 */
export function lostLines(lost: readonly LostOnCreate[]): readonly string[] {
  return lost.map(({ object, records, always, fields }) => {
    const values = fields.map(({ field, what, records: n }) => `${what} (${visible(field)}, ${count(n)})`);
    const each = always.length === 0 ? [] : [`of each: ${always.join(', ')}`];
    return `${visible(object)}, ${counted(records, 'records')}: ${[...values, ...each].join('; ')}`;
  });
}

/** What does not come back, and the first values. */
export function lostText(lost: readonly LostOnCreate[], values: readonly LostValue[], style: Style, looks: Looks = noLooks): string {
  if (lost.length === 0) return `${style.glyph.done} Nothing is lost: this plan creates no record again, or each comes back complete.`;
  const lines = lostLines(lost).flatMap((line) => wrap(line, style.width - 4).map((part, n) => `${n === 0 ? '  - ' : '    '}${part}`));
  const shown = values.slice(0, SHOWN_VALUES);
  const byRecord = new Map<string, LostValue[]>();
  for (const value of shown) {
    const record = recordText(value.object, value.key, looks);
    byRecord.set(record, [...(byRecord.get(record) ?? []), value]);
  }
  const tables = [...byRecord].map(([record, lost]) => `  ${record}\n${lostTable(lost, style)}`);
  const more = values.length > shown.length ? [`  ... and ${counted(values.length - shown.length, 'more values')}; all of them: --to lost.csv`] : [];
  return ['Not brought back', ...lines, ...(tables.length === 0 ? [] : ['', ...tables, ...more])].join('\n');
}

function lostTable(lost: readonly LostValue[], style: Style): string {
  return table(
    [
      { title: 'What', shrink: true },
      { title: 'Value', shrink: true },
    ],
    lost.map(({ what, value }) => [visible(what), showValue(value)]),
    style,
  );
}

export function hasValues(lost: readonly LostOnCreate[]): boolean {
  return lost.some(({ fields }) => fields.length > 0);
}

const SHOWN_EFFECTS = 8;

/**
 * What writing the object types of a plan sets off on the platform, as the platform's driver says it; empty where it
 * says nothing.
 */
export function effectsText(schema: PlatformSchema, objects: readonly string[] | undefined, style: Style): string {
  const lines = schema.objects
    .filter(({ object }) => objects?.includes(object) !== false)
    .flatMap(({ object, sideEffects }) => sideEffects.map((sentence) => `${visible(object)}: ${visible(sentence)}`));
  if (lines.length === 0) return '';
  const more = lines.length > SHOWN_EFFECTS ? [`... and ${counted(lines.length - SHOWN_EFFECTS, 'more of these')}`] : [];
  return facts(
    [...lines.slice(0, SHOWN_EFFECTS), ...more].map((line, i): [string, string] => [i === 0 ? 'Triggers' : '', line]),
    style,
  );
}

/** How many changes a plan makes to one field, and what most of the records hold there now. */
export interface FieldCount {
  readonly object: string;
  readonly field: string;
  readonly changes: number;
  /** Absent where all are different. */
  readonly now?: { readonly value: unknown; readonly times: number };
}

/** Changes by field: one value on many records is what an overwrite looks like. */
export function fieldsTable(fields: readonly FieldCount[], style: Style): string {
  return table(
    [
      { title: 'Field', shrink: true },
      { title: 'Changes', align: 'right' },
      { title: 'Most common value now', shrink: true },
    ],
    fields.map(({ object, field, changes, now }) => [
      `${visible(object)} ${visible(field)}`,
      count(changes),
      now === undefined ? 'all different' : `${showValue(now.value)} (${count(now.times)} times)`,
    ]),
    style,
  );
}

/** What a person has to know before typing the confirmation: what will not come back, and how to undo it. */
export function dangerText(header: PlanHeader, undo: string, style: Style): string {
  const { actions } = header.counts;
  const lost: string[] = [];
  if (actions.create)
    lost.push(
      `${counted(actions.create, 'records')} ${actions.create === 1 ? 'is' : 'are'} created again, with a new id where the platform gives none back.`,
      ...lostLines(header.lost ?? []),
    );
  if (actions.delete) lost.push(`${counted(actions.delete, 'records')} made by the damage are deleted; an undo would create them under new ids.`);
  lost.push('Automations of the platform may react to the writes; messages they send cannot be undone.');
  return facts(
    [
      ...lost.map((line, i): [string, string] => [i === 0 ? 'Will not come back' : '', line]),
      ['Stays as it is', 'every value that is not listed, and every value edited in the meantime (checked again before each batch)'],
      ['How to undo', undo],
    ],
    style,
  );
}

/** Changes as a table old → new, one line a value. */
export function changesTable(changes: readonly PlanChange[], style: Style, looks: Looks = noLooks): string {
  return recordTable(
    [{ title: 'Field' }, { title: 'Now', shrink: true }, { title: '' }, { title: 'Will be', shrink: true }],
    changes.flatMap((change) => changeRows(change, style, looks)),
    style,
    looks,
  );
}

function changeRows(change: PlanChange, style: Style, looks: Looks): readonly RecordRow[] {
  const { arrow } = style.glyph;
  if (isLink(change)) {
    const to = recordText(change.to.object, change.to.key, looks);
    const [now, after] = change.action === 'link' ? ['(no link)', to] : [to, '(no link)'];
    return [{ ...change.from, cells: [visible(change.link), now, arrow, after] }];
  }
  const { object, key } = change;
  if (change.action !== 'update') {
    const gone = change.action === 'delete';
    return [{ object, key, cells: ['', gone ? '(there)' : '(deleted)', arrow, gone ? '(deleted)' : `(${ACTION_WORDS[change.action]})`] }];
  }
  const meanwhile = change.interim === true ? ' (meanwhile)' : '';
  return Object.entries(change.fields).map(([field, move]) => ({
    object,
    key,
    cells: [visible(field), showValue(move.from), arrow, `${willBe(move)}${meanwhile}`],
  }));
}

/** What a field will hold. One that is only kept is written along so that the platform leaves it. */
function willBe(move: FieldMove): string {
  return move.keeps === true ? '(kept)' : showValue(move.to);
}

/** One change in full, with why and who. */
export function changeText(change: PlanChange, style: Style, looks: Looks = noLooks): string {
  const pairs: [string, string][] = isLink(change)
    ? [
        ['Action', `${ACTION_WORDS[change.action]} (${change.link})`],
        ['From', recordText(change.from.object, change.from.key, looks)],
        ...pageLine(change.from.object, change.from.key, looks),
        ['To', recordText(change.to.object, change.to.key, looks)],
        ...pageLine(change.to.object, change.to.key, looks),
      ]
    : [
        ['Action', ACTION_WORDS[change.action]],
        ['Record', recordText(change.object, change.key, looks)],
        ...pageLine(change.object, change.key, looks),
      ];
  if (!isLink(change))
    for (const [field, move] of Object.entries(change.fields))
      pairs.push([visible(field), `${showValue(move.from)} ${style.glyph.arrow} ${willBe(move)}`]);
  if (!isLink(change))
    for (const [i, [field, value]] of Object.entries(change.lost ?? {}).entries())
      pairs.push([i === 0 ? 'Not brought back' : '', `${visible(field)}: ${showValue(value)}`]);
  pairs.push(['Why', visible(change.why)], ['Who did it', attributionWords(change.attribution, style)]);
  return facts(pairs, style);
}

/** A short line for lists that are searched. */
export function changeLine(change: PlanChange, style: Style, looks: Looks = noLooks): string {
  if (isLink(change))
    return `${ACTION_WORDS[change.action]} ${recordText(change.from.object, change.from.key, looks)} ${style.glyph.arrow} ${recordText(change.to.object, change.to.key, looks)}`;
  const moves = Object.entries(change.fields).map(
    ([field, move]) => `${visible(field)}: ${showValue(move.from)} ${style.glyph.arrow} ${willBe(move)}`,
  );
  return `${recordText(change.object, change.key, looks)}  ${change.action === 'update' ? moves.join('; ') : ACTION_WORDS[change.action]}`;
}

/** `5.1 %`; never 0 % for something, never 100 % for less than all. */
export function percent(part: number, whole: number): string {
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${(part < whole ? Math.min(value, 99.9) : value).toFixed(value < 10 || (value > 99 && value < 100) ? 1 : 0)} %`;
}

const isLink = (change: PlanChange): change is LinkChange => change.action === 'link' || change.action === 'unlink';

/** The first lines of a plan that `want` accepts. Stops reading once there are `most`. */
export async function firstLines<T extends PlanLine>(
  lines: AsyncIterable<PlanLine>,
  want: (line: PlanLine) => line is T,
  most: number,
): Promise<T[]> {
  const found: T[] = [];
  if (most === 0) return found;
  for await (const line of lines) {
    if (want(line)) found.push(line);
    if (found.length >= most) break;
  }
  return found;
}

export const isChange = (line: PlanLine): line is PlanChange => line.kind === 'change';
export const isConflict = (line: PlanLine): line is PlanConflict => line.kind === 'conflict';
