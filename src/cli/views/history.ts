import { type History, HISTORY, type Judged } from '../../backups/index.js';
import { counted, span } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What is old: what goes, what stays and why. `kept`: kinds of which everything is kept. */
export function historyText(judged: readonly Judged[], kept: readonly History[], isDry: boolean, style: Style): string {
  const stays = judged.flatMap(({ kind, id, needed, why }) =>
    needed === undefined && why === undefined
      ? []
      : [`  ${why === undefined ? style.glyph.done : style.glyph.failed} ${name(kind)} ${visible(id)} stays: ${visible(why ?? needed ?? '')}`],
  );
  const going = HISTORY.flatMap((kind) => {
    const some = judged.filter((one) => one.kind === kind && one.needed === undefined && one.why === undefined);
    const [oldest] = some;
    return oldest === undefined
      ? []
      : [`  ${counted(some.length, kind)}, the oldest ${visible(oldest.id)}: ${span(oldest.ageMs)} older than the newest`];
  });
  const all = kept.length === 0 ? [] : [`  Everything is kept of: ${kept.join(', ')}. To change that: history: { ${kept[0]}: 400d } in runback.yml.`];
  if (going.length === 0) return [`${style.glyph.done} Nothing is old enough to delete.`, ...stays, ...all].join('\n');
  return [isDry ? 'Would be deleted:' : `${style.glyph.done} Deleted:`, ...going, ...stays, ...all].join('\n');
}

function name(kind: History): string {
  return kind.slice(0, -1);
}
