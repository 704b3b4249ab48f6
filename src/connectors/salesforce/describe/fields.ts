import type { FieldSchema } from '../../../records/index.js';
import type { WireField, WireObject } from '../wire/shapes.js';
import { isEncrypted, platformTypeOf, typeOf } from './types.js';

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

/** What a mask in place of a text comes to: it says nothing certain of the text, and must never be written over it. */
const MASKED = 'in Salesforce, by a user with the permission View Encrypted Data: runback is shown a mask';

/** The fields of an object type that are read. `unmasked`: whether encrypted texts are told as they are. */
export function fieldsOf(object: WireObject, unmasked: boolean): readonly FieldSchema[] {
  const wires = (object.fields ?? []).filter(({ name }) => !LEFT_OUT.has(name));
  const names = new Set(wires.map(({ name }) => name));
  return wires.flatMap((wire) => {
    const type = typeOf(wire);
    return type === undefined ? [] : [fieldOf(object.name, wire, type, names, unmasked)];
  });
}

function fieldOf(object: string, wire: WireField, type: FieldSchema['type'], names: ReadonlySet<string>, unmasked: boolean): FieldSchema {
  const { name, label } = wire;
  const byItself = BY_ITSELF.has(name);
  const isMask = isEncrypted(wire) && !unmasked;
  const readOnly = wire.updateable !== true || byItself || isMask;
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
    ...(wire.unique === true && wire.caseSensitive !== true ? { uniqueInAnyCase: true as const } : {}),
    ...(wire.type === 'email' ? { form: 'email' as const } : {}),
    // The parts of an address or a place only make sense together.
    ...(isPart && !readOnly ? { group: compound } : {}),
    ...(OPTED_OUT.test(name) && type === 'boolean' ? { optedOut: [true] } : {}),
    ...(byItself ? { setByItself: true } : {}),
    ...(readOnly && !byItself && !isMask && wire.createable === true ? { givenOnCreate: true } : {}),
    ...requiredOf(wire),
    ...companionsOf(wire, names),
    ...(isEncrypted(wire) ? { masked: true as const } : {}),
    ...(isMask ? { byHand: MASKED } : {}),
    ...(wire.extraTypeInfo === 'richtextarea' ? { markup: true as const } : {}),
    ...(also.length > 0 ? { setsAlso: also } : {}),
  };
}

/** A check box is never empty either, and nobody has to fill it. */
function requiredOf({ nillable, createable, defaultedOnCreate, type }: WireField): Pick<FieldSchema, 'required' | 'filledOnCreate'> {
  if (nillable !== false || createable !== true || type === 'boolean') return {};
  return { required: true, ...(defaultedOnCreate === true ? { filledOnCreate: true } : {}) };
}

/** Currency of amounts: there is such a field where the org has several. */
const CURRENCY = 'CurrencyIsoCode';

/** What a value says something only together with: the record that it names, the field that decides on its options, its currency. */
function companionsOf(wire: WireField, names: ReadonlySet<string>): Pick<FieldSchema, 'refersTo' | 'optionsBy' | 'currencyIn'> {
  const { type, referenceTo = [], dependentPicklist, controllerName } = wire;
  return {
    ...(type === 'reference' && referenceTo.length > 0 ? { refersTo: referenceTo } : {}),
    ...(dependentPicklist === true && typeof controllerName === 'string' ? { optionsBy: controllerName } : {}),
    ...(type === 'currency' && names.has(CURRENCY) ? { currencyIn: CURRENCY } : {}),
  };
}

/** Options of a choice: all that it takes, or those that it offers. Inactive ones stay where they are, and nobody can set them. */
function optionsOf({ restrictedPicklist, picklistValues = [] }: WireField): Pick<FieldSchema, 'options' | 'offers'> {
  const active = picklistValues.flatMap(({ value, active }) => (typeof value === 'string' && active !== false ? [value] : []));
  if (restrictedPicklist === true) return { options: active };
  return active.length === 0 ? {} : { offers: active };
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
