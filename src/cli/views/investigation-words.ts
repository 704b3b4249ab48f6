import type { Example, Verdict } from '../../investigations/index.js';
import type { Style } from './text/style.js';
import { showValue } from './text/visible.js';
import { truncate } from './text/width.js';

/** What a verdict is called within a sentence. */
export const VERDICTS: Readonly<Record<Verdict, string>> = {
  damage: 'damage',
  ask: 'only you can tell',
  none: 'no sign of damage',
  ordinary: 'looks like ordinary work',
};

/** Characters of a value that are shown. */
const SHOWN_LENGTH = 40;

/** A value as it is shown: what is empty says so. */
export function shown(value: Example['before'], style: Style): string {
  if (value === undefined || value === null || value === '') return '(empty)';
  return truncate(showValue(typeof value === 'string' ? style.redact(value) : value), SHOWN_LENGTH);
}
