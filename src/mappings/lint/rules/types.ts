import type { FieldSchema, FieldType } from '../../../records/index.js';
import { kindText, type KindName, type ValueKind } from '../../document/kinds.js';
import type { MappedField } from '../../document/mapping.js';
import { inferredKind } from '../../values/inferred.js';
import { type FieldPair, type LintContext, type Said, shownField, typesOf, waysOf } from '../context.js';

/** Types whose values can be of a kind. */
const TYPES_OF_KIND: Readonly<Record<KindName, readonly FieldType[]>> = {
  text: ['string', 'enum', 'other', 'integer', 'number', 'time', 'json', 'boolean'],
  exact: ['string', 'enum', 'other', 'bytes', 'json', 'time', 'integer', 'number', 'date', 'datetime', 'boolean'],
  email: ['string', 'other'],
  phone: ['string', 'other', 'number', 'integer'],
  number: ['string', 'integer', 'number', 'other', 'enum'],
  date: ['string', 'date', 'datetime', 'other'],
  datetime: ['string', 'date', 'datetime', 'other'],
  boolean: ['string', 'boolean', 'enum', 'other'],
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
export function* typeRule({ mapping, pairs }: LintContext): Generator<Said> {
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
function fits(field: MappedField, { type: source }: FieldSchema, { type: target }: FieldSchema): string | undefined {
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

/** Numbers whose digits do not all fit where they go. */
function digitsLost(kind: ValueKind, source: FieldSchema, target: FieldSchema, field: MappedField): string | undefined {
  if (kind.kind !== 'number' || field.values !== undefined) return undefined;
  const room = digitsOf(target);
  const given = kind.digits ?? digitsOf(source);
  if (room === undefined || (given !== undefined && given <= room)) return undefined;
  const what = given === undefined ? 'any number of digits' : `${given} digits`;
  return `${what} after the point go where ${room} fit; say as: number/${room}`;
}

/** Digits after the point that a field has room for, by its type; undefined where any number fits. */
export function digitsOf({ type, platformType }: FieldSchema): number | undefined {
  if (type === 'integer') return 0;
  if (type !== 'number') return undefined;
  if (/^(?:bigint|int8|smallint|integer)/u.test(platformType)) return 0;
  const scale = /\(\s*\d+\s*,\s*(\d+)\s*\)/u.exec(platformType)?.[1];
  return scale === undefined ? undefined : Number(scale);
}

function typeText({ type, platformType }: FieldSchema): string {
  return platformType === '' || platformType === type ? type : `${type} (${platformType})`;
}
