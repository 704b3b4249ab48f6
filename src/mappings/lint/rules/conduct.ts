import { didYouMean } from '../../../lib/index.js';
import type { FieldSchema } from '../../../records/index.js';
import { otherSide, writtenSides } from '../../document/mapping.js';
import { stored } from '../../values/stored.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';
import { unknownField } from './fields.js';

/** What is said of deletions: how an inactive record looks has to be known where one becomes inactive. */
export function* deleteRule({ mapping, schemas }: LintContext): Generator<Said> {
  for (const side of [0, 1] as const) {
    const { name } = mapping.sides[side];
    const other = otherSide(side);
    if (mapping.onDelete[side] === 'inactive' && mapping.inactive[other] === undefined)
      yield {
        rule: 'inactive-unsaid',
        severity: 'warning',
        path: ['on_delete', name],
        message: `nothing says how an inactive record of ${mapping.sides[other].name} looks, so that nobody can check it`,
        next: `inactive: { ${mapping.sides[other].name}: { FIELD: VALUE } }`,
      };
    const schema = schemas[side];
    if (schema === undefined) continue;
    for (const [field, value] of Object.entries(mapping.inactive[side] ?? {})) {
      const path = ['inactive', name, field];
      yield* unknownField(mapping, side, schema, field, path, 'inactive-unknown');
      const described = schema.fields.find((one) => one.name === field);
      const why = described && inactiveProblem(described, value);
      if (why !== undefined) yield { rule: 'inactive-unknown', path, message: `${shownField(mapping, side, field)} ${why}` };
    }
  }
}

/** Why a field can never hold what an inactive record is to hold; undefined where it can. */
function inactiveProblem(field: FieldSchema, value: string): string | undefined {
  const { type, options, readOnly, maxLength, required } = field;
  if (readOnly) return 'cannot be written: no record can be made inactive by it';
  if (value === '') return required === true ? 'may never be empty' : undefined;
  if (options !== undefined) return options.includes(value) ? undefined : `has no option "${value}"${didYouMean(value, options)}`;
  if (maxLength !== undefined && value.length > maxLength) return `holds ${maxLength} characters, and "${value}" is longer`;
  if (type === 'boolean') return ['true', 'false'].includes(value) ? undefined : `is true or false, and never "${value}"`;
  if (type === 'set' || type === 'enum') return undefined;
  return stored(field, value) === undefined ? `is ${type}, and "${value}" is none` : undefined;
}

/** What is carried more seldom than it may take would always be late. */
export function* settleRule({ mapping }: LintContext): Generator<Said> {
  for (const [index, { frequencyMs, settleMs, names }] of mapping.fields.entries())
    if (frequencyMs !== undefined && frequencyMs > settleMs)
      yield {
        rule: 'settle-too-short',
        path: ['fields', index, 'frequency'],
        message: `${shownField(mapping, 0, names[0])} is carried over less often than it may take to get over: what is only late would be a difference`,
        next: 'a longer settle',
      };
}

/** A field that moves in one direction only does not follow the other side back. */
export function* forwardRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const side of writtenSides(field))
      if (schemas[side]?.forwardOnly === true)
        yield {
          rule: 'forward-only',
          severity: 'warning',
          path: ['fields', index, mapping.sides[side].name],
          message: `${shownField(mapping, side, field.names[side])} only moves forward there: it does not follow when the other side moves back`,
        };
}

/** A field by which people opted out, written from one that knows nothing of that. */
export function* consentRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field))
      if (schemas[to]?.optedOut !== undefined && schemas[from] !== undefined && schemas[from].optedOut === undefined)
        yield {
          rule: 'consent',
          severity: 'warning',
          path: ['fields', index, mapping.sides[to].name],
          message: `${shownField(mapping, to, field.names[to])} says who opted out, and ${shownField(mapping, from, field.names[from])} does not: people who opted out may be opted in again`,
        };
}
