import type { Mapping } from '../document/mapping.js';
import { arrowOf, authorityText, restOf, sameText } from './words.js';

/** Names of the columns of {@link mappingRows}. */
export const MAPPING_COLUMNS = [
  'mapping',
  'left_platform',
  'left_object',
  'left_field',
  'way',
  'right_platform',
  'right_object',
  'right_field',
  'authority',
  'as',
  'values',
  'blank',
  'max',
  'note',
  'line',
] as const;

/** One row a field, in the order of the file, as {@link MAPPING_COLUMNS} names its cells. */
export function mappingRows(mapping: Mapping): readonly (readonly string[])[] {
  const [left, right] = mapping.sides;
  return mapping.fields.map((field, index) => [
    mapping.id,
    left.platform,
    left.object,
    field.names[0],
    arrowOf(field),
    right.platform,
    right.object,
    field.names[1],
    authorityText(mapping, field),
    sameText(field),
    (field.values ?? []).map(([one, other]) => `${one} = ${other}`).join('; '),
    field.blank,
    field.max === undefined ? '' : String(field.max),
    restOf(field, mapping).join('. '),
    String(mapping.place(['fields', index]).line),
  ]);
}
