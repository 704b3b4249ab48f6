import { arrowOf, authorityText, deletionText, type Mapping, matchText, sameText, sideText } from '../../../mappings/index.js';
import { facts, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

interface MappingsShown {
  readonly mappings: readonly Mapping[];
  /** Files that were written. */
  readonly files: readonly string[];
  /** Files of the folder that are no mappings. */
  readonly broken: readonly string[];
}

/** Mappings for a person at a screen; where files were written, only which. */
export function mappingText({ mappings, files, broken }: MappingsShown, style: Style): string {
  const shown =
    files.length > 0 ? files.map((file) => `${style.glyph.done} ${file}`) : [mappings.map((mapping) => oneText(mapping, style)).join('\n\n')];
  const left = broken.map((file) => `${style.glyph.failed} ${visible(file)} cannot be read. See: runback mapping lint`);
  return [...shown, ...left].join('\n');
}

function oneText(mapping: Mapping, style: Style): string {
  const deletions = ([0, 1] as const).flatMap((side) => deletionText(mapping, side) ?? []);
  const pairs: [string, string][] = [
    ['Mapping', mapping.id],
    ['Between', `${sideText(mapping, 0)} and ${sideText(mapping, 1)}`],
    ['Matched by', mapping.match.map((match) => matchText(mapping, match)).join('; else ')],
    ...deletions.map((text): [string, string] => ['Deletions', text]),
    ...(mapping.syncs === undefined ? [] : [['Syncs', mapping.syncs.join(', ')] as [string, string]]),
  ];
  const rows = mapping.fields.map((field) => [
    visible(field.names[0]),
    style.accessible ? authorityText(mapping, field) : arrowOf(field),
    visible(field.names[1]),
    visible(authorityText(mapping, field)),
    sameText(field),
  ]);
  const [left, right] = mapping.sides;
  return [
    ...(mapping.title === undefined ? [] : [style.chalk.bold(visible(mapping.title))]),
    facts(
      pairs.map(([name, value]) => [name, visible(value)]),
      style,
    ),
    '',
    table(
      [{ title: left.name, shrink: true }, { title: '' }, { title: right.name, shrink: true }, { title: 'Counts' }, { title: 'Compared as' }],
      rows,
      style,
    ),
  ].join('\n');
}
