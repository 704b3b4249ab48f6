import type { LeftWhy, PlannedRepair } from '../../../checks/index.js';
import { counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { wrapIndented } from '../text/width.js';

const WHY: Readonly<Record<LeftWhy, string>> = {
  record: 'missing, extra or matched twice: the sync, or a person, creates and deletes records',
  'both-count': 'both sides may change the field, and the mapping names none that wins',
  'no-counterpart': 'the mapping has no counterpart for an option',
  unreadable: 'the value that counts is none of its kind',
  blank: 'the value that counts is empty, which the mapping says is never right',
  moved: 'the records are gone or matched otherwise by now: reconcile again',
};

/** What a repair leaves, for people; nothing where it leaves nothing. */
export function leftLines({ plans, left, same }: PlannedRepair, style: Style): string[] {
  const all = (Object.keys(WHY) as LeftWhy[]).flatMap((why) =>
    left[why] === undefined ? [] : [`${counted(left[why], 'differences')}: ${WHY[why]}`],
  );
  return [
    ...(plans.length === 0 ? ['No value is to be written.'] : []),
    ...(same > 0 ? [`${counted(same, 'fields')} are the same by now, or stay as the mapping says.`] : []),
    ...(all.length === 0 ? [] : [style.chalk.bold('Left for you'), ...all.flatMap((line) => wrapIndented(line, 2, style.width))]),
  ];
}
