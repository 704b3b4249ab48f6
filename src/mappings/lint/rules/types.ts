import type { FieldSchema, FieldType } from '../../../records/index.js';
import { kindText, type KindName, type ValueKind } from '../../document/kinds.js';
import type { MappedField } from '../../document/mapping.js';
import { inferredKind } from '../../values/inferred.js';
import { roomOf } from '../../values/room.js';
import { type FieldPair, type LintContext, type Said, shownField, typesOf, waysOf } from '../context.js';

/** Types whose values can be of a kind. */
const TYPES_OF_KIND: Readonly<Record<KindName, readonly FieldType[]>> = {
  text: ['string', 'enum', 'other', 'integer', 'number', 'time', 'json', 'boolean'],
  exact: ['string', 'enum', 'other', 'bytes', 'json', 'time', 'integer', 'number', 'date', 'datetime', 'boolean'],
  email: ['string', 'other'],
  id: ['string', 'other'],
  phone: ['string', 'other', 'number', 'integer'],
  number: ['string', 'integer', 'number', 'other', 'enum'],
  date: ['string', 'date', 'datetime', 'other'],
  datetime: ['string', 'date', 'datetime', 'other'],
  time: ['string', 'time', 'other'],
  boolean: ['string', 'boolean', 'enum', 'other'],
  json: ['json', 'string', 'other'],
  list: ['set', 'string', 'enum', 'other'],
};

/** Kinds that turn the values of one type into those of another. */
const TURNS: readonly { readonly from: FieldType; readonly to: FieldType; readonly by: readonly KindName[] }[] = [
  { from: 'string', to: 'integer', by: ['number'] },
  { from: 'string', to: 'number', by: ['number'] },
  { from: 'string', to: 'boolean', by: ['boolean'] },
  { from: 'string', to: 'date', by: ['date'] },
  { from: 'string', to: 'datetime', by: ['datetime', 'date'] },
  { from: 'string', to: 'set', by: ['list'] },
  { from: 'set', to: 'string', by: ['list'] },
  { from: 'datetime', to: 'date', by: ['date'] },
  { from: 'date', to: 'datetime', by: ['date', 'datetime'] },
];

/** Types whose values every text field can hold. */
const TEXTUAL: ReadonlySet<FieldType> = new Set(['string', 'enum', 'other', 'boolean', 'integer', 'number', 'date', 'datetime', 'time', 'json']);

/** Types of both sides that do not fit each other, or what the mapping says of them. */
export function* typeRule({ mapping, pairs, schemas: sides }: LintContext): Generator<Said> {
  for (const pair of pairs) {
    const { field, index, schemas } = pair;
    for (const side of [0, 1] as const) {
      const schema = schemas[side];
      const shown = shownField(mapping, side, field.names[side]);
      if (schema !== undefined && field.type !== undefined && schema.type !== field.type)
        yield {
          rule: 'type-not-declared',
          path: ['fields', index, 'type'],
          message: `${shown} is ${typeText(schema)}, and the mapping says that it is ${field.type}`,
        };
      if (schema !== undefined && field.as !== undefined && !TYPES_OF_KIND[field.as.kind].includes(schema.type))
        yield {
          rule: 'type-mismatch',
          path: ['fields', index, 'as'],
          message: `${shown} is ${typeText(schema)}, which holds no ${kindText(field.as)}`,
        };
    }
    yield* waysFindings(mapping, pair);
  }
  yield* matchFindings(mapping, sides);
}

/** Types by whose values no record is found. */
const NO_KEY: ReadonlySet<FieldType> = new Set(['boolean', 'set', 'json', 'bytes']);
const TIMES: readonly FieldType[] = ['date', 'datetime'];

/** Ways of matching whose fields hold no value of the kind, or the same one in two forms. */
function* matchFindings(mapping: LintContext['mapping'], sides: LintContext['schemas']): Generator<Said> {
  for (const [index, { names, as }] of mapping.match.entries()) {
    const fields = names.map((name, side) => sides[side]?.fields.find((field) => field.name === name));
    for (const side of [0, 1] as const) {
      const field = fields[side];
      if (field === undefined) continue;
      const cannot = as === undefined ? NO_KEY.has(field.type) : !TYPES_OF_KIND[as.kind].includes(field.type);
      if (cannot)
        yield {
          rule: 'type-mismatch',
          path: ['match', index, mapping.sides[side].name],
          message: `${shownField(mapping, side, names[side])} is ${typeText(field)}, ${as === undefined ? 'by which no record is found' : `which holds no ${kindText(as)}`}`,
        };
    }
    const [left, right] = fields;
    const differ = left !== undefined && right !== undefined && left.type !== right.type && [left, right].every(({ type }) => TIMES.includes(type));
    if (as === undefined && differ)
      yield {
        rule: 'type-mismatch',
        path: ['match', index],
        message: `${shownField(mapping, 0, names[0])} is ${left.type}, and ${shownField(mapping, 1, names[1])} is ${right.type}: say as: date`,
      };
  }
}

function* waysFindings(mapping: LintContext['mapping'], pair: FieldPair): Generator<Said> {
  const { field, index, schemas } = pair;
  const types = typesOf(pair);
  const kind = field.as ?? inferredKind(types);
  for (const [from, to] of waysOf(field)) {
    const [source, target] = [schemas[from], schemas[to]];
    if (source === undefined || target === undefined) continue;
    const path = ['fields', index, mapping.sides[to].name];
    const way = `${shownField(mapping, from, field.names[from])} is ${typeText(source)}, and ${shownField(mapping, to, field.names[to])} is ${typeText(target)}`;
    const needed = fits(field, source, target);
    if (needed !== undefined) yield { rule: 'type-mismatch', path, message: `${way}: ${needed}` };
    else {
      const lost = digitsLost(kind, source, target, field);
      if (lost !== undefined) yield { rule: 'digits-lost', path, message: `${way}: ${lost}` };
    }
  }
}

/** Why values of one type cannot become those of another; undefined where they can. */
function fits(field: MappedField, from: FieldSchema, to: FieldSchema): string | undefined {
  const [source, target] = [from.type, to.type];
  if (isList(to) !== isList(from))
    return isList(to) ? 'a list is not written as one value' : 'a list would be written as one text, with its brackets';
  if (to.platformType === 'uuid' && from.platformType !== 'uuid') return 'it takes nothing but a uuid';
  if (source === target) return undefined;
  if (field.values !== undefined && source !== 'set' && ['string', 'enum', 'set', 'boolean', 'integer', 'number', 'other'].includes(target))
    return undefined;
  const turn = TURNS.find(({ from, to }) => from === source && to === target);
  if (turn !== undefined) {
    if (field.as !== undefined && turn.by.includes(field.as.kind)) return undefined;
    // Both are times, and the day of one is the other: that follows from the types.
    if (field.as === undefined && source === 'date' && target === 'datetime') return undefined;
    return `say as: ${turn.by[0]}`;
  }
  if (target === 'string' || target === 'other') return TEXTUAL.has(source) ? undefined : 'one cannot be written as the other';
  if (target === 'enum') return ['string', 'other'].includes(source) ? undefined : 'say with values which option each value is';
  if (target === 'set') return source === 'enum' ? undefined : 'one cannot be written as the other';
  if (target === 'number' && source === 'integer') return undefined;
  if (target === 'integer' && source === 'number') return undefined;
  if (target === 'boolean' && source === 'enum' && field.as?.kind === 'boolean') return undefined;
  return 'one cannot be written as the other';
}

/** An array of a database, which has no type of its own here. */
const isList = ({ type, platformType }: FieldSchema): boolean => type === 'other' && platformType.endsWith('[]');

/** Numbers whose digits do not all fit where they go. */
function digitsLost(kind: ValueKind, source: FieldSchema, target: FieldSchema, field: MappedField): string | undefined {
  if (kind.kind !== 'number' || field.values !== undefined) return undefined;
  const room = roomOf(target).digits;
  const given = kind.digits ?? roomOf(source).digits;
  if (room === undefined || (given !== undefined && given <= room)) return undefined;
  const what = given === undefined ? 'any number of digits' : `${given} digits`;
  return `${what} after the point go where ${room} fit; say as: number/${room}`;
}

/** A type as messages name it, with the platform's own word. */
export function typeText({ type, platformType }: FieldSchema): string {
  return platformType === '' || platformType === type ? type : `${type} (${platformType})`;
}
