import type { LeftWhy, PlannedRepair } from '../../../checks/index.js';
import type { Mapping } from '../../../mappings/index.js';
import { counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrapIndented } from '../text/width.js';

const WHY: Readonly<Record<LeftWhy, string>> = {
  record: 'records without a counterpart: on_delete of the mapping does not say what becomes of them',
  partial: 'records without a counterpart: not every record of both sides was read, so nothing is created or deleted',
  'not-asked': 'records whose counterpart was deleted: delete them with --delete-extra',
  'no-key': 'records that are missing where someone has to give them a key: create them there',
  'no-match': 'records that are missing, and that nothing would match once they are created',
  twice: 'records that match twice: merge them, or correct the field that they are matched by; then reconcile again',
  'both-count': 'both sides may change the field, and the mapping names none that wins',
  'no-counterpart': 'the mapping has no counterpart for an option',
  unreadable: 'the value that counts is none of its kind',
  blank: 'the value that counts is empty, which the mapping says is never right',
  moved: 'the records are gone or matched otherwise by now: reconcile again',
};

/** What a repair leaves, for people; nothing where it leaves nothing. */
export function leftLines({ plans, left, same, twice }: PlannedRepair, { sides }: Mapping, style: Style): string[] {
  const all = (Object.keys(WHY) as LeftWhy[]).flatMap((why) =>
    left[why] === undefined ? [] : [`${counted(left[why], 'differences')}: ${WHY[why]}`],
  );
  return [
    ...(plans.length === 0 ? ['Nothing is to be written.'] : []),
    ...(same > 0 ? [`${counted(same, 'fields')} are the same by now, or stay as the mapping says.`] : []),
    ...(all.length === 0 ? [] : [style.chalk.bold('Left for you'), ...all.flatMap((line) => wrapIndented(line, 2, style.width))]),
    ...twice.flatMap((keys) =>
      wrapIndented(visible(sides.map(({ name }, side) => `${name} ${(keys[side] ?? []).join(', ')}`).join(' and ')), 4, style.width),
    ),
  ];
}
