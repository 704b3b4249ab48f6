import type { LeftWhy, PlannedRepair } from '../../../checks/index.js';
import type { Mapping } from '../../../mappings/index.js';
import type { KnownSides } from '../../flows/reconciliations/known-twice.js';
import { counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrapIndented } from '../text/width.js';
import { twiceFacts, twiceText } from './twice.js';

const WHY: Readonly<Record<LeftWhy, string>> = {
  record: 'records without a counterpart: on_delete of the mapping does not say what becomes of them',
  partial: 'records without a counterpart: not every record of both sides was read, so nothing is created or deleted',
  'not-asked': 'records whose counterpart was deleted: delete them with --delete-extra',
  'no-key': 'records that are missing where someone has to give them a key: create them there',
  'no-match': 'records that are missing, and that nothing would match once they are created',
  twice: 'records that match twice: merge them, correct the field that they are matched by, or say with --answers which belong together',
  'twice-left': 'records that match twice and belong to none: left, as was decided',
  'both-count': 'both sides may change the field, and the mapping names none that wins',
  'no-counterpart': 'the mapping has no counterpart for an option',
  unreadable: 'the value that counts is none of its kind',
  blank: 'the value that counts is empty, which the mapping says is never right',
  moved: 'the records are gone or matched otherwise by now: reconcile again',
};

/** What a repair leaves, for people; nothing where it leaves nothing. `known`: those of the first records that match twice. */
export function leftLines({ plans, left, same, twice }: PlannedRepair, mapping: Mapping, known: KnownSides | undefined, style: Style): string[] {
  const all = (Object.keys(WHY) as LeftWhy[]).flatMap((why) =>
    left[why] === undefined ? [] : [`${counted(left[why], 'differences')}: ${WHY[why]}`],
  );
  return [
    ...(plans.length === 0 ? ['Nothing is to be written.'] : []),
    ...(same > 0
      ? [`${counted(same, 'fields')} ${same === 1 ? 'is the same by now, or stays' : 'are the same by now, or stay'} as the mapping says.`]
      : []),
    ...(all.length === 0 ? [] : [style.chalk.bold('Left for you'), ...all.flatMap((line) => wrapIndented(line, 2, style.width))]),
    ...twice.flatMap((group) => groupLines(group, mapping, known, style)),
  ];
}

/** A group of records that match twice: each record on a line of its own, with what tells it from the others. */
function groupLines(group: PlannedRepair['twice'][number], { sides }: Mapping, known: KnownSides | undefined, style: Style): string[] {
  return ([0, 1] as const).flatMap((side) =>
    group[side].flatMap((key, n) => {
      const record = known === undefined ? visible(key) : twiceText(sides[side].object, key, known[side]);
      const facts = known === undefined || group[side].length === 1 ? undefined : twiceFacts(group[side], key, known[side], style);
      const text = `${sides[side].name}: ${record}${facts === undefined ? '' : `: ${facts}`}`;
      return wrapIndented(style.redact(text), side === 0 && n === 0 ? 4 : 6, style.width);
    }),
  );
}
