/** The types that describe tells. */
export type FieldType =
  | 'id'
  | 'string'
  | 'textarea'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'percent'
  | 'date'
  | 'datetime'
  | 'email'
  | 'phone'
  | 'url'
  | 'picklist'
  | 'multipicklist'
  | 'combobox'
  | 'reference'
  | 'encryptedstring'
  | 'address';

/** One value of a picklist. One that is not active stays on records that hold it. */
export interface PicklistValue {
  readonly value: string;
  readonly label: string;
  readonly active: boolean;
  readonly defaultValue: boolean;
}

/** A field of an object, with the flags of its describe that matter here; the rest follows from these. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** Characters a text may have; 0 where that does not apply. */
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  readonly digits: number;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  /** May be written on create by who may set audit fields. */
  readonly audit: boolean;
  readonly calculated: boolean;
  readonly autoNumber: boolean;
  readonly defaultedOnCreate: boolean;
  readonly defaultValue: string | boolean | null;
  readonly unique: boolean;
  readonly caseSensitive: boolean;
  readonly externalId: boolean;
  readonly idLookup: boolean;
  readonly nameField: boolean;
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | null;
  /** The name of the way back, from the parent to its children. */
  readonly childRelationshipName: string | null;
  /** 0 and 1 for master-detail relationships; null otherwise. */
  readonly relationshipOrder: number | null;
  /** What becomes of the record when the one it refers to is deleted. */
  readonly onParentDelete: 'clear' | 'cascade' | 'restrict' | 'keep';
  /** What describe says of that, which is not always what happens: contacts go with their account all the same. */
  readonly cascadeDelete: boolean;
  readonly compoundFieldName: string | null;
  readonly picklistValues: readonly PicklistValue[];
  readonly restrictedPicklist: boolean;
  readonly custom: boolean;
  /** A relationship path whose value this field shows; null where it is no formula. */
  readonly formula: string | null;
  /** Too long to be filtered by, sorted by or tracked with its values. */
  readonly longText: boolean;
}

const PLAIN: Omit<Field, 'name' | 'label' | 'type'> = {
  length: 0,
  precision: 0,
  scale: 0,
  digits: 0,
  nillable: true,
  createable: true,
  updateable: true,
  audit: false,
  calculated: false,
  autoNumber: false,
  defaultedOnCreate: false,
  defaultValue: null,
  unique: false,
  caseSensitive: false,
  externalId: false,
  idLookup: false,
  nameField: false,
  referenceTo: [],
  relationshipName: null,
  childRelationshipName: null,
  relationshipOrder: null,
  onParentDelete: 'clear',
  cascadeDelete: false,
  compoundFieldName: null,
  picklistValues: [],
  restrictedPicklist: false,
  custom: false,
  formula: null,
  longText: false,
};

type More = Partial<Omit<Field, 'name' | 'type'>>;
/** Nobody writes it: the platform does. */
export const READ_ONLY: More = { createable: false, updateable: false };
/** Has to be there. */
export const REQUIRED: More = { nillable: false };
/** The platform fills it in where nothing is sent. */
export const DEFAULTED: More = { nillable: false, defaultedOnCreate: true };

/** A field; its label is made from its name where none is given. */
export const field = (name: string, type: FieldType, more: More = {}): Field => ({ ...PLAIN, label: labelOf(name), name, type, ...more });
export const text = (name: string, length: number, more: More = {}): Field => field(name, 'string', { length, ...more });
export const area = (name: string, length: number, more: More = {}): Field => field(name, 'textarea', { length, longText: length > 255, ...more });
export const flag = (name: string, more: More = {}): Field =>
  field(name, 'boolean', { nillable: false, defaultedOnCreate: true, defaultValue: false, ...more });
export const number = (name: string, type: 'double' | 'currency' | 'percent', precision: number, scale: number, more: More = {}): Field =>
  field(name, type, { precision, scale, ...more });
export const int = (name: string, digits: number, more: More = {}): Field => field(name, 'int', { digits, ...more });
export const phone = (name: string, more: More = {}): Field => field(name, 'phone', { length: 40, ...more });

/** A choice. `fallback`: what a new record gets. */
export const picklist = (name: string, values: readonly string[], more: More & { readonly fallback?: string } = {}): Field => {
  const { fallback, ...rest } = more;
  return field(name, 'picklist', { length: 255, picklistValues: optionsOf(values, fallback), ...rest });
};

/** A reference to one of the objects; `relationshipName` follows from the name. */
export const reference = (name: string, to: readonly string[], more: More = {}): Field =>
  field(name, 'reference', { length: 18, referenceTo: to, relationshipName: name.endsWith('Id') ? name.slice(0, -2) : null, ...more });

/** The parts of an address, and the whole, which nobody writes. */
export function address(prefix: string): readonly Field[] {
  const compound: More = { compoundFieldName: `${prefix}Address` };
  return [
    area(`${prefix}Street`, 255, compound),
    text(`${prefix}City`, 40, compound),
    text(`${prefix}State`, 80, compound),
    text(`${prefix}PostalCode`, 20, compound),
    text(`${prefix}Country`, 80, compound),
    number(`${prefix}Latitude`, 'double', 18, 15, compound),
    number(`${prefix}Longitude`, 'double', 18, 15, compound),
    picklist(`${prefix}GeocodeAccuracy`, ACCURACIES, { length: 40, restrictedPicklist: true, ...compound }),
    field(`${prefix}Address`, 'address', READ_ONLY),
  ];
}

export const optionsOf = (values: readonly string[], fallback?: string): readonly PicklistValue[] =>
  values.map((value) => ({ value, label: value, active: true, defaultValue: value === fallback }));

const ACCURACIES = ['Address', 'NearAddress', 'Block', 'Street', 'ExtendedZip', 'Zip', 'Neighborhood', 'City', 'County', 'State', 'Unknown'];

function labelOf(name: string): string {
  if (name.endsWith('__c')) return name.slice(0, -3).replaceAll('_', ' ');
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/ Id$/, ' ID');
}
