import { z } from 'zod';

import { ApiFailure } from '../failure.js';
import { date, datetime, number, property, readOnly, systemProperties, text, type PropertyDefinition } from '../properties/definition.js';
import type { ObjectType } from '../state/object-type.js';
import type { Portal } from '../state/portal.js';
import { readBody } from './inputs.js';
import { presentProperty } from './properties.js';
import { objectScope, type ApiContext, type Route } from './route.js';

const PATH = String.raw`/(?:crm-object-schemas|crm)/(?:v3/schemas|schemas/\d{4}-\d{2}|object-schemas/\d{4}-\d{2})`;

const propertyInput = z.object({
  name: z.string(),
  label: z.string(),
  type: z.enum(['string', 'number', 'date', 'datetime', 'enumeration', 'bool', 'phone_number']).default('string'),
  fieldType: z.string().default('text'),
  hasUniqueValue: z.boolean().default(false),
  options: z.array(z.object({ label: z.string(), value: z.string() })).default([]),
});
const schemaInput = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  labels: z.object({ singular: z.string(), plural: z.string() }),
  primaryDisplayProperty: z.string().optional(),
  properties: z.array(propertyInput).default([]),
});

/** What a custom object type is made of. */
export type SchemaInput = z.input<typeof schemaInput>;

/**
 * Adds a custom object type to an account: `2-…` type id, `p<portal>_<name>` full name, plain associations with all
 * others.
 */
export function addCustomType(portal: Portal, given: SchemaInput): ObjectType {
  const input = schemaInput.parse(given);
  if (portal.types.has(input.name)) throw new ApiFailure(409, `Object type with name ${input.name} already exists`, { category: 'CONFLICT' });
  const first = input.properties[0]?.name ?? 'name';
  const type: ObjectType = {
    name: input.name,
    typeId: `2-${39_480_000 + portal.types.all().length}`,
    singular: input.name.toUpperCase(),
    aliases: [`p${portal.portalId}_${input.name}`, `p_${input.name}`],
    properties: new Map(
      [
        ...input.properties.map(customProperty),
        ...systemProperties(),
        readOnly(datetime('hs_createdate', 'Object create date/time')),
        readOnly(datetime('hs_lastmodifieddate', 'Object last modified date/time')),
      ].map((each) => [each.name, each]),
    ),
    defaults: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'],
    answeredOnWrite: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id', 'hs_object_source', 'hs_object_source_id', 'hs_object_source_label'],
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    custom: {
      label: input.labels.singular,
      pluralLabel: input.labels.plural,
      primaryDisplayProperty: input.primaryDisplayProperty ?? first,
      fullyQualifiedName: `p${portal.portalId}_${input.name}`,
    },
  };
  portal.addType(type);
  return type;
}

function customProperty(input: z.infer<typeof propertyInput>): PropertyDefinition {
  const extra = { hubspotDefined: false, hasUniqueValue: input.hasUniqueValue };
  if (input.type === 'string' && input.fieldType === 'text') return text(input.name, input.label, extra);
  if (input.type === 'number') return number(input.name, input.label, extra);
  if (input.type === 'date') return date(input.name, input.label, extra);
  if (input.type === 'datetime') return datetime(input.name, input.label, extra);
  const options = input.options.map((each, displayOrder) => ({ ...each, displayOrder, hidden: false }));
  return property(input.name, input.label, input.type, input.fieldType, { ...extra, options });
}

/** The schemas API for custom objects: list, read, add. */
export function schemaRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  return [
    {
      method: 'GET',
      pattern: new RegExp(`^${PATH}/?$`),
      scopes: () => [['crm.schemas.custom.read']],
      handle: ({ query }) => ({
        status: 200,
        body: {
          results:
            query.get('archived') === 'true'
              ? []
              : portal.types
                  .all()
                  .filter((each) => each.custom)
                  .map((each) => presentSchema(portal, each)),
        },
      }),
    },
    {
      method: 'POST',
      pattern: new RegExp(`^${PATH}/?$`),
      scopes: () => [['crm.schemas.custom.write']],
      handle: ({ body }) => ({ status: 201, body: presentSchema(portal, addCustomType(portal, readBody(schemaInput, body))) }),
    },
    {
      method: 'GET',
      pattern: new RegExp(`^${PATH}/([^/]+)/?$`),
      scopes: (params) => [objectScope(portal.types.get(params[0] ?? ''), 'read', 'schemas')],
      handle: ({ params }) => ({ status: 200, body: presentSchema(portal, portal.types.get(params[0] ?? '')) }),
    },
  ];
}

function presentSchema(portal: Portal, type: ObjectType): unknown {
  const associations = portal.links.allTypes().filter((each) => each.from === type.name);
  return {
    id: type.typeId,
    objectTypeId: type.typeId,
    name: type.name,
    fullyQualifiedName: type.custom?.fullyQualifiedName ?? type.singular,
    labels: { singular: type.custom?.label ?? type.singular, plural: type.custom?.pluralLabel ?? type.name },
    primaryDisplayProperty: type.custom?.primaryDisplayProperty ?? type.defaults[1],
    secondaryDisplayProperties: [],
    requiredProperties: [],
    searchableProperties: [],
    archived: false,
    restorable: true,
    metaType: type.custom ? 'PORTAL_SPECIFIC' : 'HUBSPOT',
    createdAt: '2023-05-05T08:00:00.000Z',
    updatedAt: '2024-03-01T09:00:00.000Z',
    properties: [...type.properties.values()].map(presentProperty),
    associations: associations.map((each) => ({
      id: String(each.typeId),
      name: each.label ?? `${type.name}_to_${each.to}`,
      fromObjectTypeId: type.typeId,
      toObjectTypeId: portal.types.get(each.to).typeId,
    })),
  };
}
