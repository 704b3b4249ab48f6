import type { ForgetReport, Place } from '../../backups/index.js';
import type { RecordName } from '../../snapshots/index.js';
import { counted } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** Where records are kept, and what could not be looked at. */
export function foundText(records: readonly RecordName[], report: ForgetReport, style: Style): string {
  const [first] = records;
  const keys = records.slice(0, 10).map(({ key }) => visible(key));
  const more = records.length > keys.length ? ` and ${records.length - keys.length} more` : '';
  return [
    `${counted(records.length, 'records')} of ${visible(first?.platform ?? '')}/${visible(first?.object ?? '')}: ${keys.join(', ')}${more}`,
    ...placesText(report, style),
  ].join('\n');
}

/** What forgetting came to. */
export function forgetText(report: ForgetReport, { isLocked }: { readonly isLocked: boolean }, style: Style): string {
  const done = report.left.length === 0;
  return [
    `${done ? style.glyph.done : style.glyph.warning} ${done ? 'Forgotten' : 'Not everything could be looked at or changed'}${report.id === undefined ? '' : ` (${report.id})`}`,
    ...placesText(report, style),
    ...(isLocked ? ['  A storage with lock_for keeps the bytes of before until that has passed.'] : []),
    ...(done ? [] : ['  When that can be read again, run the same command once more.']),
    '  Not looked at: files that were exported, reports that were saved, pages that were sent.',
  ].join('\n');
}

function placesText({ found, left, also }: ForgetReport, style: Style): readonly string[] {
  const groups = new Map<string, Place[]>();
  for (const place of found) groups.set(groupOf(place), [...(groups.get(groupOf(place)) ?? []), place]);
  const lines = [...groups].map(([name, places]) => {
    const ids = [...new Set(places.map(({ id }) => id))];
    return `  ${name}: ${ids.slice(0, 5).map(visible).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
  });
  return [
    ...(lines.length === 0 ? ['  Nothing of it is kept here.'] : lines),
    ...(also.count === 0
      ? []
      : [
          `  ${style.glyph.warning} ${counted(also.count, 'other records')} ${also.count === 1 ? 'holds' : 'hold'} an address or key of it and ${also.count === 1 ? 'stays' : 'stay'}. Name ${also.count === 1 ? 'it' : 'them'} too, if ${also.count === 1 ? 'it is' : 'they are'} about the same person:`,
          ...also.records.map(({ object, key, field }) => `      ${visible(object)} ${visible(key)} (${visible(field)})`),
        ]),
    ...left.map((place) => `  ${style.glyph.failed} ${groupOf(place)} ${visible(place.id)}: ${visible(place.why)}`),
  ];
}

const NAMES = { snapshot: 'Snapshots', plan: 'Plans', investigation: 'Investigations', journal: 'Journals', document: 'Notes', log: 'Logs' } as const;

function groupOf({ what, kind, copy }: Place): string {
  if (copy !== undefined) return `${NAMES[what]} in copy ${visible(copy)}`;
  return kind === undefined ? NAMES[what] : `${NAMES[what]} (${visible(kind)})`;
}
