import type { Field, FieldType } from './field.js';
import type { ObjectType } from './object-type.js';
import type { Schema } from './schema.js';

/** What the user who asks may see and write, beside what the object says. */
export interface Visibility {
  sees(object: string, field: string): boolean;
  writes(object: string, field: string): boolean;
  /** Whether audit fields may be set on create. */
  readonly auditFields: boolean;
}

const SOAP: Readonly<Record<FieldType, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  address: 'urn:address',
  string: 'xsd:string',
  textarea: 'xsd:string',
  email: 'xsd:string',
  phone: 'xsd:string',
  url: 'xsd:string',
  picklist: 'xsd:string',
  multipicklist: 'xsd:string',
  combobox: 'xsd:string',
  encryptedstring: 'xsd:string',
};

/** A field as describe tells it. */
export function describeField(object: ObjectType, field: Field, who: Visibility): Readonly<Record<string, unknown>> {
  const isAddress = field.type === 'address';
  const isEncrypted = field.type === 'encryptedstring';
  const canFilter = !field.longText && !isAddress && !isEncrypted;
  const mayWrite = who.writes(object.name, field.name);
  return {
    aggregatable: canFilter && field.type !== 'boolean',
    aiPredictionField: false,
    autoNumber: field.autoNumber,
    byteLength: field.length * (field.type === 'id' || field.type === 'reference' ? 1 : 3),
    calculated: field.calculated,
    calculatedFormula: field.formula,
    cascadeDelete: field.cascadeDelete,
    caseSensitive: field.caseSensitive,
    compoundFieldName: field.compoundFieldName,
    controllerName: null,
    createable: (field.createable || (field.audit && who.auditFields)) && mayWrite && object.createable,
    custom: field.custom,
    defaultValue: field.defaultValue,
    defaultValueFormula: null,
    defaultedOnCreate: field.defaultedOnCreate,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.digits,
    displayLocationInDecimal: false,
    encrypted: false,
    externalId: field.externalId,
    extraTypeInfo: field.type === 'textarea' ? 'plaintextarea' : null,
    filterable: canFilter,
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: canFilter && !['double', 'currency', 'percent', 'datetime'].includes(field.type),
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.idLookup,
    inlineHelpText: null,
    label: field.label,
    length: field.length,
    mask: isEncrypted ? 'asterisk' : null,
    maskType: isEncrypted ? 'lastFour' : null,
    name: field.name,
    nameField: field.nameField,
    namePointing: field.referenceTo.length > 1,
    nillable: field.nillable,
    permissionable: field.nillable && field.createable && field.compoundFieldName !== 'Name',
    picklistValues: field.picklistValues.map((each) => ({ ...each, validFor: null })),
    polymorphicForeignKey: field.referenceTo.length > 1,
    precision: field.precision,
    queryByDistance: isAddress,
    referenceTargetField: null,
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName,
    relationshipOrder: field.relationshipOrder,
    restrictedDelete: field.onParentDelete === 'restrict',
    restrictedPicklist: field.restrictedPicklist,
    scale: field.scale,
    searchPrefilterable: field.type === 'reference',
    soapType: SOAP[field.type],
    sortable: canFilter,
    type: field.type,
    unique: field.unique,
    updateable: field.updateable && mayWrite && object.updateable,
    writeRequiresMasterRead: false,
  };
}

/** An object as the list of all of them tells it. */
export function describeGlobal(object: ObjectType, version: string): Readonly<Record<string, unknown>> {
  const base = `/services/data/v${version}/sobjects/${object.name}`;
  return {
    activateable: false,
    associateEntityType: null,
    associateParentEntity: null,
    createable: object.createable,
    custom: object.custom,
    customSetting: false,
    deepCloneable: false,
    deletable: object.deletable,
    deprecatedAndHidden: false,
    feedEnabled: false,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix: object.keyPrefix,
    label: object.label,
    labelPlural: object.labelPlural,
    layoutable: object.business,
    mergeable: ['Account', 'Contact', 'Lead'].includes(object.name),
    mruEnabled: object.business,
    name: object.name,
    queryable: true,
    replicateable: object.replicateable,
    retrieveable: true,
    searchable: object.business,
    triggerable: object.business,
    undeletable: object.undeletable,
    updateable: object.updateable,
    urls: { sobject: base, describe: `${base}/describe`, rowTemplate: `${base}/{ID}` },
  };
}

/** An object with its fields, its record types and the objects that refer to it. */
export function describeObject(schema: Schema, object: ObjectType, version: string, who: Visibility): Readonly<Record<string, unknown>> {
  const fields = [...object.fields.values()].filter(({ name }) => who.sees(object.name, name));
  return {
    ...describeGlobal(object, version),
    actionOverrides: [],
    childRelationships: schema.childrenOf(object.name).map(({ child, field }) => ({
      cascadeDelete: field.cascadeDelete,
      childSObject: child.name,
      deprecatedAndHidden: false,
      field: field.name,
      junctionIdListNames: [],
      junctionReferenceTo: [],
      relationshipName: field.childRelationshipName,
      restrictedDelete: field.onParentDelete === 'restrict',
    })),
    compactLayoutable: object.business,
    defaultImplementation: null,
    extendedBy: null,
    extendsInterfaces: null,
    fields: fields.map((field) => describeField(object, field, who)),
    implementedBy: null,
    implementsInterfaces: null,
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    networkScopeFieldName: null,
    recordTypeInfos: recordTypeInfos(object),
    searchLayoutable: object.business,
    sobjectDescribeOption: 'FULL',
    supportedScopes: object.business ? [{ label: `All ${object.labelPlural.toLowerCase()}`, name: 'everything' }] : [],
  };
}

function recordTypeInfos({ recordTypes }: ObjectType): readonly unknown[] {
  const info = (name: string, developerName: string, id: string, isDefault: boolean, master: boolean): unknown => ({
    active: true,
    available: true,
    defaultRecordTypeMapping: isDefault,
    developerName,
    master,
    name,
    recordTypeId: id,
    urls: {},
  });
  const hasDefault = recordTypes.some(({ isDefault }) => isDefault);
  return [
    ...recordTypes.map(({ id, name, developerName, isDefault }) => info(name, developerName, id, isDefault, false)),
    info('Master', 'Master', '012000000000000AAA', !hasDefault, true),
  ];
}
