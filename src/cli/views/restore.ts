import type { RestoreSummary, VerifySummary } from '../../restores/index.js';
import { counted, count, facts, table, time } from './format.js';
import type { Style } from './style.js';
import { showValue, visible } from './visible.js';

const STATES: Readonly<Record<RestoreSummary['state'], string>> = {
  running: 'running, or interrupted',
  stopped: 'stopped before its end',
  done: 'done',
  undoing: 'being undone',
  undone: 'undone',
  undo_failed: 'the undo did not reach its end',
};

/** What a restore did, what it skipped, and what comes next. */
export function restoreText(restore: RestoreSummary, style: Style): string {
  const created = Object.entries(restore.keyMap).map(([object, keys]) => `${visible(object)} ${count(Object.keys(keys).length)}`);
  const pairs: [string, string][] = [
    ['Restore', restore.id],
    ['State', STATES[restore.state]],
    ['Plan', restore.plan],
    ['Written', `${count(restore.applied)} of ${counted(restore.total, 'changes')}`],
  ];
  if (restore.moved > 0) pairs.push(['Left alone', `${counted(restore.moved, 'changes')}: somebody changed the value meanwhile`]);
  if (restore.rejected > 0) pairs.push(['Refused', `${counted(restore.rejected, 'changes')}, by the platform`]);
  if (restore.failed > 0) pairs.push(['Failed', `${counted(restore.failed, 'changes')}; resuming tries them again`]);
  if (restore.inDoubt > 0) pairs.push(['In doubt', `${counted(restore.inDoubt, 'changes')}; resuming looks them up`]);
  for (const [i, { object, field, count: n, message }] of (restore.fieldsLeftBy ?? []).entries())
    pairs.push([i === 0 ? 'Fields left' : '', `${count(n)} × ${visible(`${field} of ${object}`)}, refused: ${visible(message)}`]);
  for (const [i, { object, field, count: n, key }] of (restore.besideBy ?? []).entries())
    pairs.push([
      i === 0 ? 'Changed too' : '',
      `${count(n)} × ${visible(field === '' ? `${object}, made` : `${field} of ${object}`)} by the platform itself, for example ${visible(key)}`,
    ]);
  if (created.length > 0) pairs.push(['New ids', `records created again: ${created.join(', ')}`]);
  if (restore.stoppedBecause !== undefined) pairs.push(['Stopped', visible(restore.stoppedBecause)]);
  pairs.push(['Started', time(restore.startedAt, style)]);
  if (restore.finishedAt !== undefined) pairs.push(['Finished', time(restore.finishedAt, style)]);
  if (restore.state === 'done') pairs.push(['Prove it', `runback restore verify ${restore.plan}`], ['Undo it', `runback restore undo ${restore.id}`]);
  if (restore.state === 'stopped' || restore.state === 'running')
    pairs.push(['Go on', `runback restore resume ${restore.id}`], ['Undo it', `runback restore undo ${restore.id}`]);
  return facts(pairs, style);
}

/** Outcome of a verification. */
export function verifySummaryText(verify: VerifySummary, style: Style): string {
  const conflicts = verify.conflicts === 0 ? '' : `\n${style.glyph.warning} ${counted(verify.conflicts, 'conflicts')} were left as they are`;
  const beside =
    verify.beside === undefined
      ? ''
      : `\n${style.glyph.warning} ${counted(verify.beside, 'values')} beside the plan were changed by the platform itself`;
  if (verify.remaining === 0)
    return `${style.glyph.done} Proved: ${counted(verify.checked, 'changes')} are on the platform as planned${conflicts}${beside}`;
  const rows = verify.examples.map((example) => [
    visible(`${example.object} ${example.key}`),
    visible(example.field ?? ''),
    showValue(example.expected),
    showValue(example.live),
    visible(example.why),
  ]);
  const columns = [
    { title: 'Record' },
    { title: 'Field', shrink: true },
    { title: 'Should be', shrink: true },
    { title: 'Is', shrink: true },
    { title: 'Why', shrink: true },
  ];
  const more = verify.remaining > rows.length ? `\n  ... and ${count(verify.remaining - rows.length)} more` : '';
  return `${style.glyph.failed} ${count(verify.remaining)} of ${counted(verify.checked, 'changes')} are not as planned${conflicts}${beside}\n${table(columns, rows, style)}${more}`;
}
