import type { CustomField, CustomObject } from './description.js';
import { type Field, field, optionsOf, READ_ONLY, reference, text } from './field.js';
import { type ObjectType, objectType } from './object-type.js';

/** A custom field as it is described. */
export function customField(given: CustomField): Field {
  const { name, type, onDelete = 'clear' } = given;
  const isMaster = onDelete === 'master-detail';
  const isCustom = name.endsWith('__c');
  const options = [
    ...optionsOf(given.options ?? [], typeof given.default === 'string' ? given.default : undefined),
    ...optionsOf(given.inactive ?? []).map((each) => ({ ...each, active: false })),
  ];
  const isFlag = type === 'boolean';
  const more = {
    custom: isCustom,
    label: given.label ?? name.replace(/__c$/, '').replaceAll('_', ' '),
    nillable: !isFlag && given.required !== true && !isMaster,
    unique: given.unique === true,
    caseSensitive: given.caseSensitive === true,
    externalId: given.externalId === true,
    idLookup: given.externalId === true,
    restrictedPicklist: given.restricted === true,
    picklistValues: options,
    ...(isFlag && { defaultedOnCreate: true, defaultValue: given.default === true }),
    ...(given.formula !== undefined && { ...READ_ONLY, calculated: true, formula: given.formula }),
  };
  if (type === 'reference')
    return reference(name, given.to ?? [], {
      ...more,
      updateable: !isMaster,
      relationshipName: isCustom ? `${name.slice(0, -1)}r` : name.replace(/Id$/, ''),
      relationshipOrder: isMaster ? 0 : null,
      childRelationshipName: given.children === undefined ? null : `${given.children}__r`,
      onParentDelete: isMaster ? 'cascade' : onDelete,
      cascadeDelete: isMaster || onDelete === 'cascade',
    });
  const isNumber = type === 'double' || type === 'currency' || type === 'percent';
  const isText = !isNumber && !isFlag && type !== 'int' && type !== 'date' && type !== 'datetime';
  const length =
    given.length ?? (type === 'email' ? 80 : type === 'phone' ? 40 : type === 'multipicklist' ? 4099 : type === 'encryptedstring' ? 175 : 255);
  return field(name, type, {
    ...more,
    ...(isText && { length, longText: type === 'textarea' && length > 255 }),
    ...(type === 'int' && { digits: given.precision ?? 9 }),
    ...(isNumber && { precision: given.precision ?? 18, scale: given.scale ?? 0 }),
  });
}

/** A custom object as it is described. `n`: the how manieth, for its prefix. */
export function customObject(given: CustomObject, n: number): ObjectType {
  const label = given.label ?? given.name.slice(0, -3).replaceAll('_', ' ');
  const isCounted = given.autoNumber === true;
  const name = text('Name', 80, {
    nameField: true,
    label: `${label} Name`,
    nillable: false,
    defaultedOnCreate: true,
    ...(isCounted && { ...READ_ONLY, autoNumber: true, length: 255 }),
  });
  const fields = given.fields.map(customField);
  const hasMaster = fields.some(({ relationshipOrder }) => relationshipOrder !== null);
  const owner = hasMaster ? [] : [reference('OwnerId', ['Group', 'User'], { nillable: false, defaultedOnCreate: true, onParentDelete: 'keep' })];
  return objectType(given.name, given.keyPrefix ?? `a0${n.toString(36)}`, [...owner, name, ...fields], { custom: true, label });
}

/** The object that keeps the history of another one. */
export function historyObject(of: ObjectType, n: number): ObjectType {
  const isCustom = of.custom;
  const name = isCustom ? `${of.name.slice(0, -3)}__History` : (of.historyObject ?? `${of.name}History`);
  const parent = isCustom ? 'ParentId' : `${of.name}Id`;
  const fields = [
    reference(parent, [of.name], {
      ...READ_ONLY,
      nillable: false,
      onParentDelete: 'cascade',
      childRelationshipName: 'Histories',
      cascadeDelete: true,
    }),
    field('Field', 'picklist', { ...READ_ONLY, nillable: false, length: 255 }),
    text('DataType', 255, READ_ONLY),
    text('OldValue', 255, { ...READ_ONLY, longText: true }),
    text('NewValue', 255, { ...READ_ONLY, longText: true }),
  ];
  return objectType(name, `0h${n.toString(36)}`, fields, {
    label: `${of.label} History`,
    createable: false,
    updateable: false,
    undeletable: false,
    replicateable: false,
    business: false,
  });
}
