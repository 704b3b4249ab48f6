import type { ChangeKind, SchemaDrift } from '../../../mappings/index.js';
import type { Drifted } from '../../flows/mappings/accepted.js';
import { counted, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrapIndented } from '../text/width.js';

/** Most changes that are only a note and are named one by one. */
const MOST_NOTES = 10;

/** What changed on both sides of mappings, the worst first. */
export function driftText(mappings: readonly Drifted[], style: Style): string {
  return mappings.map((one) => oneText(one, style)).join('\n\n');
}

function oneText(one: Drifted, style: Style): string {
  const head = style.chalk.bold(one.mapping);
  if (one.state === 'unreadable')
    return [`${style.glyph.failed} ${head}`, ...wrapIndented(visible(`${one.side} could not be read: ${one.why}`), 2, style.width)].join('\n');
  if (one.state === 'never-accepted')
    return [
      `${style.glyph.doubt} ${head}`,
      '  Nobody accepted its fields yet, so there is nothing to compare with.',
      `  Next: runback mapping accept ${one.mapping}`,
    ].join('\n');
  const since = `accepted by ${one.accepted.by} ${time(one.accepted.at, style)}`;
  if (one.changes.length === 0)
    return [`${style.glyph.done} ${head}`, ...wrapIndented(visible(`Nothing has changed since it was ${since}.`), 2, style.width)].join('\n');
  const notes = one.changes.filter(({ severity }) => severity === 'note');
  const shown = [...one.changes.filter(({ severity }) => severity !== 'note'), ...notes.slice(0, MOST_NOTES)];
  const left = notes.length - MOST_NOTES;
  return [
    `${style.glyph.warning} ${head}`,
    ...wrapIndented(visible(`${counted(one.changes.length, 'changes')} since it was ${since}.`), 2, style.width),
    ...shown.map((change) => changeText(change, style)),
    ...(left > 0 ? [`  and ${left} more that break nothing`] : []),
    `  Next: runback mapping accept ${one.mapping}`,
  ].join('\n');
}

const MARKS = { error: 'failed', warning: 'warning', note: 'pending' } as const;

function changeText({ severity, platform, object, field, kind, before, after, breaks = [] }: SchemaDrift, style: Style): string {
  const what = `${platform}/${object}.${field} ${changeWords(kind, before, after)}`;
  return [
    ...wrapIndented(visible(what), 4, style.width).map((line, index) =>
      index === 0 ? `  ${style.glyph[MARKS[severity]]} ${line.trimStart()}` : line,
    ),
    ...breaks.flatMap(({ message }) => wrapIndented(visible(message), 6, style.width)),
  ].join('\n');
}

function changeWords(kind: ChangeKind, before = '', after = ''): string {
  switch (kind) {
    case 'field-added':
      return `is new (${after})`;
    case 'field-removed':
      return `is gone (${before})`;
    case 'type':
    case 'form':
      return `was ${before}, and is ${after}`;
    case 'length':
      return `held ${before}, and holds ${after}`;
    case 'options-added':
      return `has more options: ${after}`;
    case 'options-removed':
      return `has lost options: ${before}`;
    case 'read-only':
      return 'can no longer be written';
    case 'writable':
      return 'can be written now';
    case 'required':
      return 'may never be empty now';
    case 'optional':
      return 'may be empty now';
    case 'unique':
      return 'is unique now';
    case 'not-unique':
      return 'is no longer unique';
    case 'label':
      return `was called "${before}", and is called "${after}"`;
  }
}
