import type { FieldSchema, ObjectSchema } from '../../../records/index.js';
import { RECORD_KEY } from '../../../workspace/index.js';
import { type Mapping, type SideIndex, writtenSides } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, shownSide, waysOf } from '../context.js';

/** Required fields of a side that nobody fills when a record is created there, and those that an empty value would clear. */
export function* requiredRule({ input, mapping, schemas, pairs }: LintContext): Generator<Said> {
  for (const side of [0, 1] as const) {
    const schema = schemas[side];
    if (schema === undefined || !createsOn(mapping).includes(side)) continue;
    // Of a mapping that writes both ways and does not say, it is not certain.
    const severity = mapping.creates === undefined && createsOn(mapping).length === 2 ? 'warning' : 'error';
    const filled = filledOf(input.mappings, mapping, side, schema);
    for (const { name, required, requiredOfOthers, readOnly, givenOnCreate, filledOnCreate } of schema.fields) {
      const canBeGiven = !readOnly || givenOnCreate === true || schema.keyFields.includes(name);
      if ((required !== true && requiredOfOthers !== true) || filledOnCreate === true || !canBeGiven || filled.has(name)) continue;
      yield {
        rule: 'required-unfilled',
        severity,
        of: { side, name },
        path: ['between', mapping.sides[side].name],
        message: `${shownField(mapping, side, name)} may never be empty, and no mapping fills it: no record of ${shownSide(mapping, side)} can be created`,
        ...(severity === 'warning' ? { next: `creates: [${mapping.sides[side === 0 ? 1 : 0].name}] in the mapping, if none is` } : {}),
      };
    }
  }
  for (const { field, index, schemas: both } of pairs)
    for (const [from, to] of waysOf(field))
      if (mayNotBeCleared(both[to]) && both[from] !== undefined && both[from].required !== true && field.blank === 'clear')
        yield {
          rule: 'required-cleared',
          path: ['fields', index, mapping.sides[to].name],
          message: `${shownField(mapping, to, field.names[to])} may never be empty, and ${shownField(mapping, from, field.names[from])} may`,
          next: 'blank: keep or blank: refuse in the mapping',
        };
}

/** Of what is true or false, an empty value is written as false. */
function mayNotBeCleared(field: FieldSchema | undefined): boolean {
  return field !== undefined && field.type !== 'boolean' && (field.required === true || field.requiredOfOthers === true);
}

/** The sides on which records are created: those that it says, or all that it writes to. */
function createsOn({ creates, fields }: Mapping): readonly SideIndex[] {
  return creates ?? [...new Set(fields.flatMap((field) => writtenSides(field)))];
}

/** Fields of an object type that some mapping writes, or that are known when a record is created because it is found by them. */
function filledOf(mappings: readonly Mapping[], own: Mapping, side: SideIndex, schema: ObjectSchema): ReadonlySet<string> {
  const { platform, object } = own.sides[side];
  const filled = new Set<string>();
  for (const mapping of mappings)
    for (const at of [0, 1] as const) {
      if (mapping.sides[at].platform !== platform || mapping.sides[at].object !== object) continue;
      for (const field of mapping.fields) if (writtenSides(field).includes(at)) filled.add(field.names[at]);
      for (const { names } of mapping.match) for (const name of names[at] === RECORD_KEY ? schema.keyFields : [names[at]]) filled.add(name);
    }
  return filled;
}
