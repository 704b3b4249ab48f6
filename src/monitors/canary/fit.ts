import { carried } from '../../mappings/index.js';
import type { FieldSchema, ObjectSchema, Value } from '../../records/index.js';
import type { Canary, CanaryPlace } from './canary.js';
import { NONCE_LENGTH } from './nonce.js';
import type { CanaryBecause } from './verdict.js';

/** What is in the way. */
export interface Objection {
  readonly because: CanaryBecause;
  readonly why: string;
}

/** The schemas of both sides, the written one first; undefined where there is no such object type. */
export type Schemas = readonly [ObjectSchema | undefined, ObjectSchema | undefined];

/** Labels of the two fields when they were last seen: by these a renamed field is known again. */
export interface SeenLabels {
  readonly from?: string;
  readonly to?: string;
}

/** Whether the platforms still have what the canary needs. Pure. */
export function misfitOf({ from, to }: Canary, [there, other]: Schemas, seen: SeenLabels = {}): Objection | undefined {
  return placeMisfit(from, there, seen.from) ?? writableMisfit(from, fieldIn(there, from.field)) ?? placeMisfit(to, other, seen.to);
}

export const fieldIn = (schema: ObjectSchema | undefined, name: string): FieldSchema | undefined => schema?.fields.find((each) => each.name === name);

function placeMisfit(
  { platform, object, field: name }: CanaryPlace,
  schema: ObjectSchema | undefined,
  label: string | undefined,
): Objection | undefined {
  if (schema === undefined || schema.refused !== undefined)
    return {
      because: 'object-gone',
      why: `${platform} has no ${object} that can be read${schema?.refused === undefined ? '' : `: ${schema.refused}`}.`,
    };
  if (fieldIn(schema, name) !== undefined) return undefined;
  const renamed = label === undefined ? undefined : schema.fields.find((each) => each.label === label);
  if (renamed !== undefined)
    return { because: 'field-renamed', why: `${platform}/${object}.${name} is not there. ${renamed.name} has the label that it had.` };
  return { because: 'field-gone', why: `${platform}/${object}.${name} is not there any longer, or these credentials do not see it.` };
}

function writableMisfit({ platform, object, field: name }: CanaryPlace, field: FieldSchema | undefined): Objection | undefined {
  const at = `${platform}/${object}.${name}`;
  if (field === undefined) return undefined;
  if (field.readOnly) return { because: 'field-read-only', why: `${at} cannot be written to: it is read-only.` };
  const isPlain = field.type === 'string' && field.options === undefined && field.unique !== true && field.setsAlso === undefined;
  if (!isPlain) return { because: 'field-changed', why: `${at} is no plain text that nothing else hangs on (${field.platformType}).` };
  if ((field.maxLength ?? NONCE_LENGTH) < NONCE_LENGTH)
    return { because: 'field-changed', why: `${at} takes ${String(field.maxLength)} characters, and ${String(NONCE_LENGTH)} are needed.` };
  return undefined;
}

/** What the text has to be on the other side. */
export function expectedThere({ carried: how, to }: Canary, nonce: string, there: ObjectSchema): Value {
  const type = fieldIn(there, to.field)?.type;
  if (how === undefined || type === undefined) return nonce;
  const made = carried(how.field, how.from, nonce, how.from === 0 ? ['string', type] : [type, 'string']);
  return 'write' in made ? made.write : nonce;
}
