import type { ByHand } from '../../../restores/index.js';
import { counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';

/** Harm in fields that cannot be written, and how it is put right; nothing where there is none. */
export function byHandText(byHand: readonly ByHand[], style: Style): string {
  return byHand
    .flatMap(({ object, field, records, how }) => {
      const text = `${style.glyph.warning} ${counted(records, 'records')} of ${object}: ${field} changed, and cannot be written. By hand: ${how}`;
      return wrap(visible(text), style.width - 2).map((line, i) => `${i === 0 ? '' : '  '}${line}`);
    })
    .join('\n');
}
