import type { FieldSchema } from '../../../records/index.js';
import type { WireField, WireObject } from '../wire/shapes.js';
import { platformTypeOf, typeOf } from './types.js';

/** The key, what says that a record is deleted, and what only tells who looked at it: no field of a record. */
const LEFT_OUT: ReadonlySet<string> = new Set(['Id', 'IsDeleted', 'MasterRecordId', 'LastViewedDate', 'LastReferencedDate']);

/** What every write changes. */
const BY_ITSELF: ReadonlySet<string> = new Set(['LastModifiedDate', 'LastModifiedById', 'SystemModstamp', 'LastActivityDate']);

/** Check boxes by which a person said no. */
const OPTED_OUT = /^(?:HasOptedOut\w*|DoNotCall)$/u;

/** What Salesforce sets with a field, where it is not written too (object reference: Opportunity). */
const SETS_ALSO: Readonly<Record<string, readonly string[]>> = {
  'Opportunity.StageName': ['Probability', 'ForecastCategoryName'],
};

/** The fields of an object type that are read. */
export function fieldsOf(object: WireObject): readonly FieldSchema[] {
  const wires = (object.fields ?? []).filter(({ name }) => !LEFT_OUT.has(name));
  const names = new Set(wires.map(({ name }) => name));
  return wires.flatMap((wire) => {
    const type = typeOf(wire);
    return type === undefined ? [] : [fieldOf(object.name, wire, type, names)];
  });
}

function fieldOf(object: string, wire: WireField, type: FieldSchema['type'], names: ReadonlySet<string>): FieldSchema {
  const { name, label } = wire;
  const byItself = BY_ITSELF.has(name);
  const readOnly = wire.updateable !== true || byItself;
  const compound = wire.compoundFieldName ?? null;
  const isPart = compound !== null && compound !== name && compound !== 'Name';
  const also = (SETS_ALSO[`${object}.${name}`] ?? []).filter((each) => names.has(each));
  return {
    name,
    ...(label === undefined || label === '' ? {} : { label }),
    type,
    platformType: platformTypeOf(wire),
    readOnly,
    ...optionsOf(wire),
    ...(type === 'string' && wire.type !== 'reference' && (wire.length ?? 0) > 0 ? { maxLength: wire.length } : {}),
    ...(wire.unique === true ? { unique: true } : {}),
    // The parts of an address or a place only make sense together.
    ...(isPart && !readOnly ? { group: compound } : {}),
    ...(OPTED_OUT.test(name) && type === 'boolean' ? { optedOut: [true] } : {}),
    ...(byItself ? { setByItself: true } : {}),
    ...(readOnly && !byItself && wire.createable === true ? { givenOnCreate: true } : {}),
    ...(wire.nillable === false && wire.defaultedOnCreate !== true && wire.createable === true ? { required: true } : {}),
    ...(also.length > 0 ? { setsAlso: also } : {}),
  };
}

/** Options of a choice that takes no others. Inactive ones stay where they are, and nobody can set them. */
function optionsOf({ restrictedPicklist, picklistValues = [] }: WireField): { readonly options?: readonly string[] } {
  if (restrictedPicklist !== true) return {};
  return { options: picklistValues.flatMap(({ value, active }) => (typeof value === 'string' && active !== false ? [value] : [])) };
}

/** How people see the values of choices: by field, the label of each value that is described. */
export function labelsOf(object: WireObject): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const labels = new Map<string, ReadonlyMap<string, string>>();
  for (const { name, picklistValues = [] } of object.fields ?? []) {
    const own = picklistValues.flatMap(({ value, label, active }) =>
      typeof value === 'string' && typeof label === 'string' && active !== false ? [[value, label] as const] : [],
    );
    if (own.length > 0) labels.set(name, new Map(own));
  }
  return labels;
}
