import { didYouMean } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { RECORD_KEY } from '../../../workspace/index.js';
import { type Mapping, type SideIndex, writtenSides } from '../../document/mapping.js';
import { type FieldPair, type LintContext, type Said, shownField, shownSide } from '../context.js';
import type { LintRule } from '../types.js';

/** Fields that are not there, or cannot be written where the mapping writes them. */
export function* fieldRule({ mapping, schemas, pairs }: LintContext): Generator<Said> {
  for (const pair of pairs)
    for (const side of [0, 1] as const) {
      const schema = schemas[side];
      if (schema === undefined) continue;
      const name = pair.field.names[side];
      const path = ['fields', pair.index, mapping.sides[side].name];
      yield* unknownField(mapping, side, schema, name, path, 'field-unknown');
      if (writtenSides(pair.field).includes(side)) yield* unwritable(mapping, side, pair, path);
    }
}

/** A name that is no field of an object type, with the nearest one. */
export function* unknownField(
  mapping: Mapping,
  side: SideIndex,
  schema: ObjectSchema,
  name: string,
  path: readonly PropertyKey[],
  rule: LintRule,
): Generator<Said> {
  if (name === RECORD_KEY || schema.fields.some((field) => field.name === name)) return;
  if (schema.withheld?.includes(name) === true)
    yield {
      rule: 'field-withheld',
      path,
      message: `${shownField(mapping, side, name)} is never read: never_store in runback.yml names it, or it is one for sensitive data`,
    };
  else
    yield {
      rule,
      path,
      message: `${shownSide(mapping, side)} has no field "${name}"${didYouMean(
        name,
        schema.fields.map((field) => field.name),
      )}`,
    };
}

function* unwritable(mapping: Mapping, side: SideIndex, { field, schemas }: FieldPair, path: readonly PropertyKey[]): Generator<Said> {
  const name = field.names[side];
  const schema = schemas[side];
  if (name === RECORD_KEY && schema === undefined)
    yield { rule: 'key-written', path, message: `the key of a record cannot be written, and ${mapping.sides[side].name} is written here` };
  else if (schema?.readOnly === true)
    yield {
      rule: 'field-read-only',
      path,
      message: `${shownField(mapping, side, name)} cannot be written${schema.givenOnCreate === true ? ' once a record is there' : ''}, and it is written here`,
      ...(schema.byHand === undefined ? {} : { next: `Through ${schema.byHand}` }),
    };
}
