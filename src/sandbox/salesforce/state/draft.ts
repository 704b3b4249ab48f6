import { entityIsDeleted, invalidCrossReference, noSuchColumn, refused } from '../failure.js';
import type { Field } from '../schema/field.js';
import type { ObjectType, RecordType } from '../schema/object-type.js';
import { fieldOf, relationOf } from '../schema/schema.js';
import type { OrgState } from './org-state.js';
import type { Scalar, Values, Writer } from './record.js';
import { accept, type Form } from './values.js';

/** What was sent of a record. */
export type Sent = Readonly<Record<string, unknown>>;

/** What would be stored of it: values by field, null for those to be emptied. */
export type Accepted = ReadonlyMap<string, Scalar | null>;

/**
 * Reads what was sent of a record. Throws what Salesforce says of fields that are not there, may not be written or do
 * not take the value.
 */
export function readSent(org: OrgState, object: ObjectType, sent: Sent, writer: Writer, form: Form, before: Values | undefined): Accepted {
  const named: [Field, unknown][] = [];
  const forbidden: string[] = [];
  for (const [name, raw] of Object.entries(sent)) {
    if (name === 'attributes') continue;
    const field = fieldOf(object, name);
    const relation = field || typeof raw !== 'object' ? undefined : relationOf(object, name);
    const target = field ?? relation;
    if (!target || (!writer.isAdmin && !org.sees(object.name, target.name))) throw noSuchColumn(name, object.name);
    if (target.name === 'Id')
      throw refused('INVALID_FIELD_FOR_INSERT_UPDATE', `cannot specify Id in an ${before ? 'update' : 'insert'} call`, ['Id']);
    if (!mayWrite(org, object, target, writer, before === undefined)) forbidden.push(target.name);
    else named.push([target, relation && raw !== null ? byExternalId(org, relation, raw) : raw]);
  }
  if (forbidden.length > 0)
    throw refused(
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      `Unable to create/update fields: ${forbidden.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      forbidden,
    );
  const recordType = recordTypeOf(object, sent.RecordTypeId ?? before?.RecordTypeId);
  const accepted = new Map(named.map(([field, raw]) => [field.name, accept(object, field, raw, form, recordType)]));
  for (const [name, value] of accepted) checkReference(org, object, name, value);
  return accepted;
}

/** The record type that an id names, or the default one. */
export function recordTypeOf({ recordTypes }: ObjectType, id: unknown): RecordType | undefined {
  return recordTypes.find((each) => each.id === id) ?? recordTypes.find(({ isDefault }) => isDefault);
}

function mayWrite(org: OrgState, object: ObjectType, field: Field, writer: Writer, isNew: boolean): boolean {
  if (field.audit) return isNew && writer.auditFields;
  return (isNew ? field.createable : field.updateable) && (writer.isAdmin || org.mayWrite(object.name, field.name));
}

/** A reference by a unique value of the other record: `{ "Account": { "Ext__c": "7" } }`. */
function byExternalId(org: OrgState, relation: Field, raw: unknown): string {
  const [name, value] = Object.entries(raw as Record<string, unknown>).find(([key]) => key !== 'attributes') ?? [];
  for (const to of relation.referenceTo) {
    const object = org.schema.find(to);
    const key = object && name !== undefined ? fieldOf(object, name) : undefined;
    if (!object || !key?.idLookup) continue;
    const [id, another] = org.tables.byValue(object, key.name, value as Scalar);
    if (id !== undefined && another === undefined) return id;
    throw refused('INVALID_FIELD', `Foreign key external ID: ${String(value)} not found for field ${key.name} in entity ${object.name}`, []);
  }
  throw refused('INVALID_FIELD', `No external ID field ${String(name)} for ${relation.relationshipName ?? relation.name}`, []);
}

function checkReference(org: OrgState, object: ObjectType, name: string, value: Scalar | null): void {
  const field = object.fields.get(name);
  if (field?.type !== 'reference' || typeof value !== 'string') return;
  const to = org.schema.ofId(value);
  if (!to || !field.referenceTo.includes(to.name))
    throw refused('FIELD_INTEGRITY_EXCEPTION', `${field.label}: id value of incorrect type: ${value}`, [name]);
  const found = org.tables.get(to, value);
  if (!found) throw invalidCrossReference([name]);
  if (found.deletion !== undefined) throw entityIsDeleted(400);
  if (to.name === 'User' && name === 'OwnerId' && found.values.IsActive === false)
    throw refused(
      'INACTIVE_OWNER_OR_USER',
      `operation performed with inactive user [${value.slice(0, 15)}] as owner of ${object.label.toLowerCase()}`,
      [],
    );
}
