import type { FieldSchema, ObjectSchema } from '../../../records/index.js';
import { RECORD_KEY } from '../../../workspace/index.js';
import { type SideIndex, writtenSides } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Fields of which no two records of one side may share a value, and two of the other may: the second is refused. */
export function* uniqueRule({ mapping, schemas, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas: both } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target, there] = [both[from], both[to], schemas[from]];
      if (source === undefined || there === undefined || target?.unique !== true) continue;
      // What records are matched by, and addresses of people, are told with the ways of matching.
      if (target.form === 'email' || mapping.match.some(({ names }) => names[to] === field.names[to]) || isUnique(there, source.name)) continue;
      yield {
        rule: 'unique-clash',
        severity: 'warning',
        path: ['fields', index, mapping.sides[to].name],
        message: `no two records may share a value of ${shownField(mapping, to, field.names[to])}, and of ${shownField(mapping, from, field.names[from])} they may: the second is refused`,
      };
    }
}

/** Ways of matching that never find a record that was created, or find two on a side that takes them for one. */
export function* matchableRule({ mapping, schemas }: LintContext): Generator<Said> {
  for (const [index, { names, as }] of mapping.match.entries()) {
    const fields = ([0, 1] as const).map((side) => schemas[side]?.fields.find(({ name }) => name === names[side]));
    const given = ([0, 1] as const).map((side) => canBeGiven(schemas[side], names[side], fields[side]));
    const path = ['match', index];
    const shown = ([0, 1] as const).map((side) => shownField(mapping, side, names[side]));
    const known = ([0, 1] as const).every((side) => schemas[side] !== undefined && (names[side] === RECORD_KEY || fields[side] !== undefined));
    if (known && !given.some(Boolean) && creates(mapping))
      yield {
        rule: 'match-never',
        severity: mapping.match.length > 1 ? 'warning' : 'error',
        path,
        message: `${shown.join(' and ')} are both given by their platforms, and nobody can make them the same: a record that is created is never found again`,
      };
    const [left, right] = fields;
    if (left?.unique !== true || right?.unique !== true || as?.kind === 'email') continue;
    const anyCase = [left, right].map((field) => field.uniqueInAnyCase === true);
    const strict: SideIndex = anyCase[0] === true ? 1 : 0;
    if (anyCase[0] === anyCase[1] || !isText(fields[strict])) continue;
    yield {
      rule: 'match-not-unique',
      severity: 'warning',
      path,
      message: `two records may have values of ${String(shown[strict])} that differ in upper and lower case only, and ${String(shown[strict === 0 ? 1 : 0])} takes them for one`,
    };
  }
}

const isText = (field: FieldSchema | undefined): boolean => field?.type === 'string' && field.platformType !== 'uuid';

function creates({ creates: said, fields }: LintContext['mapping']): boolean {
  return said === undefined ? fields.some((field) => writtenSides(field).length > 0) : said.length > 0;
}

/** Whether a program can say what a record is matched by. */
function canBeGiven(schema: ObjectSchema | undefined, name: string, field: FieldSchema | undefined): boolean {
  if (schema === undefined) return true;
  if (name === RECORD_KEY) return schema.createWithKey;
  return field === undefined || !field.readOnly || field.givenOnCreate === true || schema.keyFields.includes(name);
}

/** True where no two records of an object type can have one value of a field. */
export function isUnique({ fields, keyFields, unique = [] }: ObjectSchema, name: string): boolean {
  if (name === RECORD_KEY || (keyFields.length === 1 && keyFields[0] === name)) return true;
  if (fields.some((field) => field.name === name && field.unique === true)) return true;
  return unique.some(({ fields: together, when }) => when === undefined && together.length === 1 && together[0] === name);
}
