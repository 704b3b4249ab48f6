import type { NotCovered, PlanHeader } from '../../../restores/index.js';
import { count, counted, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

/** Where the values come from that a plan writes. */
export function sourceOf({ base, damaged, history }: PlanHeader, style: Style, proof: string | undefined): [string, string][] {
  if (history === undefined)
    return [
      ['From', `${damaged.snapshot}, the damage`],
      ['To', `${base.snapshot}, the base${proof === undefined ? '' : ` (${proof})`}`],
    ];
  const read = history.objects.map(
    ({ object, read: records, of, written }) =>
      `${visible(object)}: history of ${count(records)} of ${counted(of, 'records')} read; the incident wrote to ${count(written)}`,
  );
  return [
    ['To', `what stood there before, by the platform's own history (no snapshot); read from ${time(history.startedAt, style)}`],
    ...read.map((line, i): [string, string] => [i === 0 ? 'Read' : '', line]),
  ];
}

/** What a line is about, where that is not the whole object type. */
const EXTENTS: Readonly<Record<NotCovered['extent'], string>> = {
  all: '',
  absence: ', what was deleted or created',
  created: ', new records',
  deleted: ', deleted records',
  links: ', links',
  fields: ', fields without history',
  consent: ', consent',
  beyond: ', changes that are no longer kept',
  merged: ', merged records',
  untold: ', earlier values that are not told',
  unsure: 'perhaps outside of the window',
};

/** What a plan does not cover, a line each. */
export function notCoveredLines(items: readonly NotCovered[]): readonly string[] {
  return items.map(({ object, extent, why, records, fields }) => {
    const many = records === undefined ? '' : `${counted(records, 'records')}: `;
    const named = fields === undefined ? '' : ` (${fields.join(', ')})`;
    return `${visible(object)}${EXTENTS[extent]}: ${many}${visible(why + named)}`;
  });
}
