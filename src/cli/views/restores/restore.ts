import type { LeftGroup, LostOnCreate, RestoreSummary, UndoCounts, VerifySummary } from '../../../restores/index.js';
import { counted, count, facts, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible, visibleLines } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { byHandText } from './by-hand.js';
import { hasValues, lostLines } from './plan.js';
import { type Looks, noLooks, recordTable } from './record.js';

const STATES: Readonly<Record<RestoreSummary['state'], string>> = {
  running: 'running, or interrupted',
  stopped: 'stopped early',
  done: 'done',
  partial: 'ended, but not everything is as planned',
  undoing: 'being undone',
  undone: 'undone',
  undo_failed: 'the undo stopped early',
};

/**
 * What a restore did, what it left and what can be done about that, what did not come back with records created again,
 * and what comes next. `goOn`: the command where it is not its own.
 */
export function restoreText(
  restore: RestoreSummary,
  style: Style,
  { goOn, lost = [] }: { readonly goOn?: string | undefined; readonly lost?: readonly LostOnCreate[] } = {},
): string {
  const pairs: [string, string][] = [
    ['Restore', restore.id],
    ['State', STATES[restore.state]],
    ['Plan', restore.plan],
    ['Written', `${count(restore.applied)} of ${counted(restore.total, 'changes')}`],
    ...leftPairs(restore),
  ];
  for (const [i, { object, field, count: n, message }] of (restore.fieldsLeftBy ?? []).entries())
    pairs.push([i === 0 ? 'Fields left' : '', `${count(n)} × ${visible(`${field} of ${object}`)}, refused: ${visible(message)}`]);
  for (const [i, { object, field, count: n, key }] of (restore.besideBy ?? []).entries())
    pairs.push([
      i === 0 ? 'Changed too' : '',
      `${count(n)} × ${visible(field === '' ? `${object}, made` : `${field} of ${object}`)} by the platform itself, for example ${visible(key)}`,
    ]);
  for (const [i, { object, field, count: n }] of (restore.ownFormBy ?? []).entries())
    pairs.push([
      i === 0 ? 'Reformatted' : '',
      `${count(n)} × ${visible(`${field} of ${object}`)}: written, and stored by the platform in its own format`,
    ]);
  for (const [i, { object, field, count: n }] of (restore.alteredBy ?? []).entries())
    pairs.push([i === 0 ? 'Altered' : '', `${count(n)} × ${visible(`${field} of ${object}`)}: written, but the platform stored something else`]);
  pairs.push(...againPairs(restore.keyMap));
  if (restore.undo !== undefined) pairs.push(...undoPairs(restore.undo));
  for (const [i, line] of lostLines(lost).entries()) pairs.push([i === 0 ? 'Not brought back' : '', line]);
  if (hasValues(lost)) pairs.push(['', `List: runback restore lost ${restore.plan} --to lost.csv`]);
  if (restore.stoppedBecause !== undefined) pairs.push(['Stopped', visible(restore.stoppedBecause)]);
  pairs.push(['Started', time(restore.startedAt, style)]);
  if (restore.finishedAt !== undefined) pairs.push(['Finished', time(restore.finishedAt, style)]);
  pairs.push(...nextPairs(restore, goOn));
  return facts(pairs, style);
}

/** Records that were created again: a database gives them back the keys they had, most platforms new ones. */
function againPairs(keyMap: RestoreSummary['keyMap']): [string, string][] {
  const countsOf = (wanted: (old: string, key: string) => boolean): string[] =>
    Object.entries(keyMap).flatMap(([object, keys]) => {
      const n = Object.entries(keys).filter(([old, key]) => wanted(old, key)).length;
      return n === 0 ? [] : [`${visible(object)} ${count(n)}`];
    });
  const [kept, renamed] = [countsOf((old, key) => old === key), countsOf((old, key) => old !== key)];
  return [
    ...(renamed.length === 0 ? [] : [['New ids', `records created again: ${renamed.join(', ')}`] as [string, string]]),
    ...(kept.length === 0 ? [] : [['Same ids', `records created again: ${kept.join(', ')}`] as [string, string]]),
  ];
}

/** What was not written, by kind, each with what can be done about it. */
function leftPairs(restore: RestoreSummary): [string, string][] {
  const { moved, rejected, failed, inDoubt, fieldsMoved = 0, fieldsLeft = 0, altered = 0, beside = 0 } = restore;
  const edited = 'someone changed the value in the meantime. To decide about them, make a new plan';
  const pairs: [string, string][] = [];
  if (moved > 0) pairs.push(['Left alone', `${counted(moved, 'changes')}: ${edited}`]);
  if (fieldsMoved > 0) pairs.push(['Left alone', `${counted(fieldsMoved, 'single fields')} of records that were written: ${edited}`]);
  if (rejected > 0)
    pairs.push(['Refused', `${counted(rejected, 'changes')}, by the platform; resuming tries them again${reasons(restore, 'rejected')}`]);
  if (fieldsLeft > 0)
    pairs.push([
      'Refused',
      `${counted(fieldsLeft, 'single fields')}, by the platform; the rest of their records is written. Once the reason is gone, a new plan restores them`,
    ]);
  if (failed > 0) pairs.push(['Failed', `${counted(failed, 'changes')}; resuming tries them again${reasons(restore, 'failed')}`]);
  if (inDoubt > 0) pairs.push(['In doubt', `${counted(inDoubt, 'changes')}; resuming looks them up`]);
  if (altered > 0)
    pairs.push(['Altered', `${counted(altered, 'single fields')}: written, but the platform stored another value. Compare them by hand`]);
  if (beside > 0) pairs.push(['Changed too', `${counted(beside, 'changes')} that the platform made by itself; undoing puts them back too`]);
  return pairs;
}

function reasons({ left = [] }: RestoreSummary, status: LeftGroup['status']): string {
  const lines = left
    .filter((group) => group.status === status)
    .map(({ count: n, reason, message }) => `${count(n)} ${[reason, message].filter((part) => part !== undefined).join(': ')}`);
  return lines.length === 0 ? '' : `\n${visibleLines(lines.join('\n'))}`;
}

function undoPairs(undo: UndoCounts): [string, string][] {
  const { applied, moved, rejected, failed, inDoubt, fieldsMoved = 0, fieldsLeft = 0, altered = 0, beside = 0 } = undo;
  const pairs: [string, string][] = [['Put back', counted(applied, 'changes')]];
  const kept = (words: string): void => {
    pairs.push(['Not put back', words]);
  };
  if (moved > 0) kept(`${counted(moved, 'changes')}: someone changed the value after the restore`);
  if (fieldsMoved > 0) kept(`${counted(fieldsMoved, 'single fields')}: someone changed them after the restore`);
  if (rejected > 0)
    kept(`${counted(rejected, 'changes')}, refused by the platform, or because they would opt someone in again; undoing again tries them again`);
  if (fieldsLeft > 0) kept(`${counted(fieldsLeft, 'single fields')}, refused by the platform, or because they would opt someone in again`);
  if (altered > 0) kept(`${counted(altered, 'single fields')}: the platform stored another value`);
  if (failed > 0) kept(`${counted(failed, 'changes')} that failed; undoing again tries them again`);
  if (inDoubt > 0) pairs.push(['In doubt', `${counted(inDoubt, 'changes')}; undoing again looks them up`]);
  if (beside > 0) pairs.push(['Changed too', `${counted(beside, 'changes')} that the platform made by itself while it was undone`]);
  return pairs;
}

function nextPairs(restore: RestoreSummary, goOn: string | undefined): [string, string][] {
  const { id, plan, state, rejected } = restore;
  const prove: [string, string] = ['Verify', `runback restore verify ${plan}`];
  const resume: [string, string] = ['Continue', goOn ?? `runback restore resume ${id}`];
  const undo: [string, string] = ['Undo it', `runback restore undo ${id}`];
  switch (state) {
    case 'done':
      return [prove, undo];
    case 'partial':
      return [...(rejected > 0 ? [['Try the rest', `runback restore resume ${id}`] as [string, string]] : []), prove, undo];
    case 'running':
    case 'stopped':
      return [resume, undo];
    case 'undoing':
    case 'undo_failed':
      return [['Continue', `runback restore undo ${id}`]];
    case 'undone':
    default:
      return (restore.undo?.rejected ?? 0) > 0 ? [['Try the rest', `runback restore undo ${id}`]] : [];
  }
}

/**
 * Outcome of a verification. `lost`: what did not come back with records that were created again: no proof is about
 * that.
 */
export function verifySummaryText(verify: VerifySummary, style: Style, lost: readonly LostOnCreate[] = [], looks: Looks = noLooks): string {
  const list = hasValues(lost) ? [`List: runback restore lost ${verify.plan} --to lost.csv`] : [];
  const gone = [...lostLines(lost), ...list].flatMap((line, i) =>
    wrap(i === 0 ? `Not brought back: ${line}` : line, style.width - 4).map(
      (part, n) => `${i === 0 && n === 0 ? `${style.glyph.warning} ` : '    '}${part}`,
    ),
  );
  return [changesVerified(verify, style, looks), ...gone].join('\n');
}

function changesVerified(verify: VerifySummary, style: Style, looks: Looks): string {
  const conflicts =
    verify.conflicts === 0
      ? ''
      : `\n${style.glyph.warning} ${counted(verify.conflicts, 'conflicts')} left as ${verify.conflicts === 1 ? 'it is' : 'they are'}`;
  const beside =
    verify.beside === undefined
      ? ''
      : `\n${style.glyph.warning} ${counted(verify.beside, 'values')} outside the plan were changed by the platform itself`;
  const { checked, edited = 0 } = verify;
  const asPlanned = edited === 0 ? counted(checked, 'changes') : `${count(checked - edited)} of ${counted(checked, 'changes')}`;
  if (verify.remaining === 0 && verify.byHand.length > 0)
    return `${style.glyph.warning} Not proved: ${asPlanned} are on the platform as planned, but damage is left that runback cannot fix${conflicts}${beside}\n${byHandText(verify.byHand, style)}\n  The list: runback restore left ${verify.plan} --to left.csv`;
  if (verify.remaining === 0) return `${style.glyph.done} Proved: ${asPlanned} are on the platform as planned${conflicts}${beside}`;
  const rows = verify.examples.map(({ object, key, field, expected, live, why }) => ({
    object,
    key,
    cells: [visible(field ?? ''), showValue(expected), showValue(live), visible(why)],
  }));
  const columns = [
    { title: 'Field', shrink: true },
    { title: 'Should be', shrink: true },
    { title: 'Is', shrink: true },
    { title: 'Why', shrink: true },
  ];
  const more = verify.remaining > rows.length ? `\n  ... and ${count(verify.remaining - rows.length)} more` : '';
  return `${style.glyph.failed} ${count(verify.remaining)} of ${counted(verify.checked, 'changes')} are not as planned${conflicts}${beside}\n${recordTable(columns, rows, style, looks)}${more}${verify.byHand.length === 0 ? '' : `\n${byHandText(verify.byHand, style)}`}`;
}
