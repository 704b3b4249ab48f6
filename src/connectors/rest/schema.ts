import type { FieldSchema, LinkSchema, ObjectSchema } from '../../records/index.js';
import type { FieldDescription, ObjectDescription } from './description/form.js';

/** An object type as it is described. */
export function schemaOf(object: string, of: ObjectDescription): ObjectSchema {
  const isWhole = of.key_type === 'integer';
  return {
    object,
    ...(of.label === undefined ? {} : { label: of.label }),
    keyFields: [],
    ...(isWhole ? { keyOrder: 'integer' as const } : {}),
    fields: Object.entries(of.fields).map(([name, field]) => fieldOf(name, field, of)),
    createWithKey: of.create_with_key,
    undelete: false,
    sideEffects: of.side_effects,
  };
}

function fieldOf(name: string, field: FieldDescription, { modified }: ObjectDescription): FieldSchema {
  const byItself = name === modified?.at || name === modified?.by;
  return {
    name,
    ...(field.label === undefined ? {} : { label: field.label }),
    type: field.type,
    platformType: field.sent_as === undefined ? field.type : `${field.type} as ${field.sent_as}`,
    readOnly: field.read_only,
    ...(field.options && { options: field.options }),
    ...(field.max_length !== undefined && { maxLength: field.max_length }),
    ...(field.unique === true && { unique: true }),
    ...(field.required === true && { required: true }),
    ...(field.opted_out && { optedOut: field.opted_out }),
    ...(field.given_on_create === true && { givenOnCreate: true }),
    ...(field.refers_to !== undefined && { refersTo: [field.refers_to] }),
    ...(byItself && { setByItself: true }),
  };
}

/** Links that fields carry. */
export function linksOf(object: string, of: ObjectDescription): readonly LinkSchema[] {
  return Object.entries(of.fields).flatMap(([name, { refers_to: to, required }]) =>
    to === undefined
      ? []
      : [{ kind: name, from: object, to, viaFields: [name], onePer: 'from' as const, ...(required === true && { required: true }) }],
  );
}
