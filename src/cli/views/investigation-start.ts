import type { Investigation, KeptStart, StartCell } from '../../investigations/index.js';
import { shown, VERDICTS } from './investigation-words.js';
import { counted, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrapIndented } from './text/width.js';

/** Groups that are named one by one. */
const NAMED = 5;

/** What was found where the person started; nothing where they gave nothing. */
export function startLines(header: Investigation['header'], style: Style): string[] {
  const { start } = header;
  if (start === undefined) return [];
  const lines = start.groups.length === 0 ? nothingThere(header, start, style) : found(header, start, style);
  return [
    '',
    style.chalk.bold('WHERE YOU STARTED'),
    ...lines.flatMap((line) => wrapIndented(line.trimStart(), line.startsWith(' ') ? 4 : 2, style.width)),
  ];
}

function found({ groups }: Investigation['header'], start: KeptStart, style: Style): string[] {
  const { record } = start;
  const changes = start.changes.map((change) => `${whatOf(change, groups, style)}, ${whoOf(change, groups, style)}`);
  const more = record !== undefined && start.cells > changes.length ? [`and ${counted(start.cells - changes.length, 'more changes')}`] : [];
  const named = groups.filter(({ n }) => start.groups.includes(n));
  const list = named.slice(0, NAMED).map(({ n, cells, verdict }) => `group ${n} (${VERDICTS[verdict]}, ${counted(cells, 'changes')} in all)`);
  const rest = named.length > NAMED ? [counted(named.length - NAMED, 'more groups')] : [];
  return [
    ...(record === undefined ? [] : [`${nameOf(record, style)}:`, ...changes.map((line) => `  ${line}`), ...more.map((line) => `  ${line}`)]),
    `${wordsOf(start, style)}: ${counted(start.cells, 'changes')}, in ${[...list, ...rest].join(', ')}.`,
  ];
}

/** The value of one field, or what became of the record or link. */
function whatOf({ object, field, before, after, group }: StartCell, groups: Investigation['header']['groups'], style: Style): string {
  if (field === undefined) {
    const of = groups.find(({ n }) => n === group);
    return `${visible(of?.title ?? object)} ${of?.label ?? 'changed'}`;
  }
  return `${visible(field)}: ${shown(before, style)} ${style.glyph.arrow} ${shown(after, style)}`;
}

function whoOf({ at, group }: StartCell, groups: Investigation['header']['groups'], style: Style): string {
  const of = groups.find(({ n }) => n === group);
  const who = of?.writer === undefined ? '' : `changed by ${visible(style.redact(of.sync ?? of.writer))}`;
  const when = at === undefined ? '' : ` ${time(at, style)}`;
  const looks = of === undefined ? '' : ` (group ${of.n}: ${VERDICTS[of.verdict]})`;
  return `${`${who}${when}`.trim() || 'nothing tells by whom'}${looks}`;
}

/** That nothing changed there, and what is known all the same. */
function nothingThere({ base }: Investigation['header'], start: KeptStart, style: Style): string[] {
  const { record, last, standing } = start;
  const isRecord = record !== undefined && [start.field, start.value, standing, start.at, start.since].every((one) => one === undefined);
  const lines = [
    isRecord
      ? `${nameOf(record, style)} has not changed since ${base.snapshot}, so it lies in no group.`
      : `Nothing that changed since ${base.snapshot} fits ${wordsOf(start, style)}, so it lies in no group.`,
  ];
  if (record !== undefined) {
    const who = last?.writer === undefined ? '' : ` by ${visible(style.redact(last.writer))}`;
    lines.push(
      last === undefined
        ? `Who wrote ${nameOf(record, style)} last is not known.`
        : `${nameOf(record, style)} was last written${who} ${time(last.at, style)} (${visible(last.field)}).`,
    );
  }
  if (standing !== undefined)
    lines.push(
      standing === 0
        ? 'No record holds that value now.'
        : `${standing === 1 ? '1 value is that now, and was that in the base: what wrote it is older' : `${counted(standing, 'values')} are that now, and were that in the base: what wrote them is older`}. Compare with an older snapshot: --base.`,
    );
  return lines;
}

/** What was given, in words. The value itself is not kept where nothing holds it. */
function wordsOf({ record, field, value, at, since, standing }: KeptStart, style: Style): string {
  const words = [
    ...(record === undefined ? [] : [nameOf(record, style)]),
    ...(field === undefined ? [] : [`the field ${visible(field)}`]),
    ...(value === undefined ? (standing === undefined ? [] : ['the value']) : [`the value ${shown(value, style)}`]),
    ...(at === undefined ? [] : [`the time ${time(at, style)}`]),
    ...(since === undefined ? [] : [`the time since ${time(since, style)}`]),
  ];
  return words.join(' and ');
}

function nameOf({ object, key, name }: NonNullable<KeptStart['record']>, style: Style): string {
  return visible(style.redact(name === undefined ? `${object} ${key}` : `${name} (${object} ${key})`));
}
