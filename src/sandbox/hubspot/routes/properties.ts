import { z } from 'zod';

import { ApiFailure, badRequest, noPermissions } from '../failure.js';
import { property, type PropertyDefinition, type PropertyOption } from '../properties/definition.js';
import type { ObjectType } from '../state/object-type.js';
import { definitionOf, requireDistinct } from '../state/options.js';
import { readBody } from './inputs.js';
import { objectScope, type ApiContext, type Route } from './route.js';

const PATH = String.raw`/crm(?:/v3/properties|/properties/(?:v3|\d{4}-\d{2}))/([^/]+)`;

const optionInput = z.object({ label: z.string(), value: z.string(), displayOrder: z.number().optional(), hidden: z.boolean().optional() });
const settings = {
  label: z.string(),
  type: z.enum(['string', 'number', 'date', 'datetime', 'enumeration', 'bool', 'phone_number']),
  fieldType: z.string(),
  groupName: z.string(),
  description: z.string(),
  options: z.array(optionInput),
  hidden: z.boolean(),
};
const changeInput = z.object(settings).partial();
const newInput = z.object({
  ...settings,
  description: settings.description.default(''),
  options: settings.options.default([]),
  hidden: settings.hidden.default(false),
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  hasUniqueValue: z.boolean().default(false),
  dataSensitivity: z.enum(['non_sensitive', 'sensitive', 'highly_sensitive']).default('non_sensitive'),
});

/** The properties API: list, read, add, change and archive definitions. */
export function propertyRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const typeOf = (params: readonly string[]): ObjectType => portal.types.get(params[0] ?? '');
  const rights = (right: 'read' | 'write') => ({
    scopes: (params: readonly string[]) => [
      [...objectScope(typeOf(params), right, 'schemas'), ...(right === 'read' ? objectScope(typeOf(params), 'read') : [])],
    ],
    refusal: (params: readonly string[]) => noPermissions(`${typeOf(params).name}-${right}`),
  });
  const find = (params: readonly string[]): PropertyDefinition => definitionOf(typeOf(params), params[1] ?? '');
  const path = (tail: string): RegExp => new RegExp(`^${PATH}${tail}/?$`);
  return [
    {
      method: 'GET',
      pattern: path(''),
      ...rights('read'),
      handle: ({ params, query }) => ({
        status: 200,
        body: { results: query.get('archived') === 'true' ? [] : listed(typeOf(params), query.get('dataSensitivity')).map(presentProperty) },
      }),
    },
    {
      method: 'POST',
      pattern: path(''),
      ...rights('write'),
      handle: ({ params, body }) => {
        const { name, label, type, fieldType, ...rest } = readBody(newInput, body);
        if (typeOf(params).properties.has(name))
          throw new ApiFailure(409, `A property named '${name}' already exists.`, {
            category: 'CONFLICT',
            subCategory: 'Properties.PROPERTY_EXISTS',
          });
        const definition = property(name, label, type, fieldType, { ...rest, options: ordered(rest.options), hubspotDefined: false });
        requireDistinct(name, definition.options);
        typeOf(params).properties.set(name, definition);
        return { status: 201, body: presentProperty(definition) };
      },
    },
    {
      method: 'GET',
      pattern: path('/([^/]+)'),
      ...rights('read'),
      handle: ({ params }) => ({ status: 200, body: presentProperty(find(params)) }),
    },
    {
      method: 'PATCH',
      pattern: path('/([^/]+)'),
      ...rights('write'),
      handle: ({ params, body }) => {
        const changes = readBody(changeInput, body);
        const current = find(params);
        if (current.hubspotDefined && changes.type !== undefined && changes.type !== current.type)
          throw badRequest(`The type of ${current.name} cannot be changed`);
        const definition = { ...current, ...withoutUndefined(changes), options: changes.options ? ordered(changes.options) : current.options };
        requireDistinct(current.name, definition.options);
        typeOf(params).properties.set(current.name, definition);
        return { status: 200, body: presentProperty(definition) };
      },
    },
    {
      method: 'DELETE',
      pattern: path('/([^/]+)'),
      ...rights('write'),
      handle: ({ params }) => {
        const definition = find(params);
        if (definition.hubspotDefined) throw badRequest(`${definition.name} is defined by HubSpot and cannot be archived`);
        typeOf(params).properties.delete(definition.name);
        return { status: 204 };
      },
    },
  ];
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const withoutUndefined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;

const ordered = (given: readonly z.infer<typeof optionInput>[]): readonly PropertyOption[] =>
  given.map(({ label, value, hidden, displayOrder }, index) => ({ label, value, hidden: hidden ?? false, displayOrder: displayOrder ?? index }));

/** Of one sensitivity at a time: unless another is asked for, of none. */
const listed = ({ properties }: ObjectType, sensitivity: string | null): readonly PropertyDefinition[] =>
  [...properties.values()].filter(({ dataSensitivity }) => dataSensitivity === (sensitivity ?? 'non_sensitive'));

/** A definition as the properties API shows it. */
export function presentProperty(definition: PropertyDefinition): unknown {
  const {
    name,
    label,
    type,
    fieldType,
    description,
    groupName,
    options,
    hasUniqueValue,
    calculated,
    externalOptions,
    referencedObjectType,
    hubspotDefined,
    readOnlyValue,
    hidden,
    dataSensitivity,
  } = definition;
  return {
    updatedAt: '2024-03-01T09:00:00.000Z',
    createdAt: '2019-08-06T02:41:08.029Z',
    name,
    label,
    type,
    fieldType,
    description,
    groupName,
    options: externalOptions ? [] : options.map((each) => ({ ...each, description: '' })),
    displayOrder: -1,
    calculated,
    externalOptions,
    ...(referencedObjectType !== undefined && { referencedObjectType }),
    archived: false,
    hasUniqueValue,
    hidden,
    hubspotDefined,
    modificationMetadata: { archivable: !hubspotDefined, readOnlyDefinition: hubspotDefined, readOnlyOptions: hubspotDefined, readOnlyValue },
    formField: !readOnlyValue,
    dataSensitivity,
  };
}
