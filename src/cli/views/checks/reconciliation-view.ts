import { CLASS_WORDS, type ReconciledView, type ViewSpec } from '../../../checks/index.js';
import { count, counted, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

const SHOWN = 20;

/** What a view and a platform say of the same groups, for people. */
export function viewText({ groups, rows, differences, changedSince, passed, snapshot }: ReconciledView, { group }: ViewSpec, style: Style): string {
  const failures = differences.filter((one) => one.class !== 'in-flight').length;
  const lines = differences
    .slice(0, SHOWN)
    .map((one) => [
      one.group.map((value) => (value === '' ? '(no value)' : visible(value))).join(', '),
      CLASS_WORDS[one.class],
      visible(one.column ?? ''),
      one.platform ?? '',
      one.view ?? '',
    ]);
  return [
    `${style.glyph[passed ? 'done' : 'failed']} ${passed ? 'The view and the platform agree' : `The view and the platform do not agree: ${counted(failures, 'differences')}`}.`,
    `  ${counted(groups, 'groups')} on the platform, ${counted(rows, 'rows')} in the file; ${snapshot}`,
    ...(changedSince === undefined ? [] : [`  ${counted(changedSince, 'records')} changed since the file was made.`]),
    ...(lines.length === 0
      ? []
      : [
          '',
          table(
            [
              { title: group.map(({ column }) => visible(column)).join(', '), shrink: true },
              { title: 'difference' },
              { title: 'number', shrink: true },
              { title: 'platform', align: 'right' },
              { title: 'file', align: 'right' },
            ],
            lines,
            style,
          ),
        ]),
    ...(differences.length > SHOWN ? [`  ... and ${count(differences.length - SHOWN)} more`] : []),
  ].join('\n');
}
