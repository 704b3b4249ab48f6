import type { Example, KeptGroup, Verdict } from '../../investigations/index.js';
import type { Style } from './text/style.js';
import { showValue, visible } from './text/visible.js';
import { displayWidth, truncate } from './text/width.js';

/** What a verdict is called within a sentence. */
export const VERDICTS: Readonly<Record<Verdict, string>> = {
  damage: 'damage',
  ask: 'only you can tell',
  none: 'no sign of damage',
  ordinary: 'looks like ordinary work',
};

/** The same in a list, where every cell counts. */
const BRIEF: Readonly<Record<Verdict, string>> = { damage: 'damage', ask: 'you can tell', none: 'no sign', ordinary: 'ordinary' };

/** Characters of a value that are shown. */
const SHOWN_LENGTH = 40;

/** A value as it is shown: what is empty says so. */
export function shown(value: Example['before'], style: Style): string {
  if (value === undefined || value === null || value === '') return '(empty)';
  return truncate(showValue(typeof value === 'string' ? style.redact(value) : value), SHOWN_LENGTH);
}

/** A group in a few words: number, field, what, and which one it follows. */
export function groupWords({ n, object, title, fields, what, follows }: KeptGroup, style: Style): string {
  const where = fields.length === 0 ? (title ?? object) : `${object}.${fields.join('+')}`;
  return `${n} ${visible(where)}: ${visible(style.redact(what))}${follows === undefined ? '' : `, follows ${follows}`}`;
}

/** Cells that a list of choices puts in front of each. */
const IN_FRONT = 6;

/** A group to take or leave: in a few words, with what it was taken for, and what taking it does where that is no repair. */
export function choiceLine(group: KeptGroup, style: Style): string {
  const behind = ` (${BRIEF[group.verdict]}${group.label === 'created' ? '; would delete them' : ''})`;
  const whole = style.width - IN_FRONT;
  const beside = whole - displayWidth(behind);
  // On a narrow screen what it does comes below.
  return `${truncate(groupWords(group, style), beside < 20 ? whole : beside)}${behind}`;
}
