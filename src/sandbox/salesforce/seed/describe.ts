import type { CustomField, OrgDescription } from '../schema/description.js';
import { fieldOf, type Schema } from '../schema/schema.js';
import type { ImportedField, ImportedObject } from './imported.js';

/** Fields that every object has here, or that come with something else. */
const OWN: ReadonlySet<string> = new Set(['CreatedDate', 'CreatedById', 'LastModifiedDate', 'LastModifiedById', 'SystemModstamp', 'Id', 'IsDeleted']);
const OF_CUSTOM: ReadonlySet<string> = new Set(['OwnerId', 'Name', 'RecordTypeId']);
const MOST_TRACKED = 20;

type Fields = NonNullable<OrgDescription['fields']>[string];

/**
 * How an account that has these object types differs from a fresh one, and the values of its choices. History is kept of the first
 * fields that can have one: nobody knows which ones it is kept of there.
 */
export function describedAs(
  objects: readonly ImportedObject[],
  fresh: Schema,
): { readonly description: OrgDescription; readonly options: readonly (readonly [string, string, readonly string[]])[] } {
  const prefixes = prefixesOf(objects, fresh);
  const isCustom = ({ name }: ImportedObject): boolean => name.endsWith('__c');
  const standard = objects.filter((object) => !isCustom(object));
  const added = (object: ImportedObject): ImportedField[] => object.fields.filter(({ name }) => isAdded(object, name, fresh));
  const readOnly = objects.flatMap(({ name, fields }) =>
    fields.flatMap((field) => (field.readOnly && !field.createable && !OWN.has(field.name) ? [`${name}.${field.name}`] : [])),
  );
  return {
    description: {
      objects: objects.filter(isCustom).map((object) => ({
        name: object.name,
        label: object.label,
        keyPrefix: prefixes.get(object.name),
        autoNumber: object.fields.some(({ name, createable }) => name === 'Name' && !createable),
        fields: added(object).map((field) => fieldFor(object, field)),
      })),
      fields: Object.fromEntries(standard.map((object) => [object.name, added(object).map((field) => fieldFor(object, field))])),
      recordTypes: objects.flatMap(recordTypesOf),
      tracked: Object.fromEntries(objects.filter((object) => isCustom(object) || fresh.find(object.name)?.historyObject != null).map(trackedOf)),
      readOnly,
    },
    options: standard.flatMap(({ name, fields }) =>
      fields.flatMap((field) => {
        const own = fresh.find(name)?.fields.get(field.name);
        const isChoice = own?.type === 'picklist' || own?.type === 'multipicklist';
        return isChoice && field.options !== undefined ? [[name, field.name, field.options] as const] : [];
      }),
    ),
  };
}

function isAdded({ name: object }: ImportedObject, name: string, fresh: Schema): boolean {
  if (OWN.has(name) || name === 'RecordTypeId') return false;
  const known = fresh.find(object);
  return known === undefined ? !OF_CUSTOM.has(name) : fieldOf(known, name) === undefined;
}

function fieldFor(object: ImportedObject, field: ImportedField): Fields[number] {
  const { name, label, type, length, precision, scale, to, required, unique, options } = field;
  const isChoice = type === 'picklist' || type === 'multipicklist';
  const hasOwner = object.fields.some((each) => each.name === 'OwnerId');
  return {
    name,
    label,
    type: TYPES.has(type) ? (type as CustomField['type']) : length > 255 ? 'textarea' : 'string',
    ...(length > 0 && { length }),
    ...(precision > 0 && { precision, scale }),
    ...(isChoice && { options: [...(options ?? [])], restricted: options !== undefined }),
    ...(type === 'reference' && { to: [...to], onDelete: !required ? 'clear' : hasOwner ? 'restrict' : 'master-detail' }),
    required,
    unique,
    ...(unique && { caseSensitive: tellsCaseApart(object, name) }),
  };
}

const TYPES: ReadonlySet<string> = new Set<CustomField['type']>([
  'string',
  'textarea',
  'boolean',
  'int',
  'double',
  'currency',
  'percent',
  'date',
  'datetime',
  'email',
  'phone',
  'url',
  'picklist',
  'multipicklist',
  'combobox',
  'reference',
]);

/** Whether two records have values that differ in their letters' case only. */
function tellsCaseApart({ records }: ImportedObject, name: string): boolean {
  const seen = new Set<string>();
  for (const { values } of records) {
    const value = values[name];
    if (typeof value !== 'string') continue;
    const small = value.toLowerCase();
    if (seen.has(small)) return true;
    seen.add(small);
  }
  return false;
}

/** What the ids of custom objects begin with, by their records; of those without any, what nobody has. */
function prefixesOf(objects: readonly ImportedObject[], fresh: Schema): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>();
  for (const { name, records, referred = [] } of objects) {
    const [first] = [...records, ...referred];
    if (first !== undefined) prefixes.set(name, first.id.slice(0, 3));
  }
  const taken = new Set([...prefixes.values(), ...fresh.all().map(({ keyPrefix }) => keyPrefix)]);
  let n = 0;
  for (const { name } of objects) {
    if (prefixes.has(name)) continue;
    let prefix = '';
    do prefix = `a${(n++).toString(36).padStart(2, '0')}`;
    while (taken.has(prefix));
    taken.add(prefix);
    prefixes.set(name, prefix);
  }
  return prefixes;
}

/** The record types that records name: what they are called is not known. */
function recordTypesOf({ name: object, records, referred = [] }: ImportedObject): { id: string; object: string; name: string }[] {
  const ids = new Set(
    [...records, ...referred].flatMap(({ values }) => (typeof values['RecordTypeId'] === 'string' ? [values['RecordTypeId']] : [])),
  );
  return [...ids].sort().map((id) => ({ id, object, name: `Record type ${id}` }));
}

function trackedOf({ name, fields }: ImportedObject): readonly [string, string[]] {
  const can = ({ name: field, type, readOnly, length }: ImportedField): boolean =>
    !readOnly && !OWN.has(field) && field !== 'RecordTypeId' && type !== 'multipicklist' && length <= 255;
  return [name, fields.flatMap((field) => (can(field) ? [field.name] : [])).slice(0, MOST_TRACKED)];
}
