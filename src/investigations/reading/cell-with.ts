import type { RecordHistory } from '../../connectors/index.js';
import { defined } from '../../lib/index.js';
import { ownValue } from '../../records/index.js';
import type { ChangedCell, Write } from '../types.js';
import type { ChangedRecord } from './changes.js';
import { writesOf } from './history.js';

/** One cell with its writes since the base. A change of which the history knows nothing has one write by nobody. */
export function cellWith(object: string, key: string, cell: ChangedRecord['cells'][number], { fields }: RecordHistory, fromMs: number): ChangedCell {
  const all = writesOf(ownValue(fields, cell.field));
  const since = all.filter(({ atMs }) => atMs >= fromMs);
  const [first, ...rest] = since;
  const writes: readonly Write[] =
    first === undefined
      ? [{ before: cell.before, after: cell.after, spell: 0 }]
      : [{ ...first, before: first.before === undefined ? cell.before : first.before }, ...rest];
  const earlier = all
    .filter(({ atMs }) => atMs < fromMs)
    .map(({ before }) => before)
    .reverse();
  return { object, key, field: cell.field, base: cell.before, now: cell.after, writes, earlier, ...defined({ movedFrom: cell.movedFrom }) };
}
