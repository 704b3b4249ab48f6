import { refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { type Condition } from '../soql/ast.js';
import { predicateOf } from '../soql/filter.js';
import { parseCondition } from '../soql/parse.js';
import type { OrgState } from './org-state.js';
import type { StoredRecord, Values, Writer } from './record.js';

/** Throws what keeps a record from being stored as it would be then. */
export function checkRecord(org: OrgState, object: ObjectType, record: StoredRecord, before: Values | undefined, writer: Writer): void {
  required(object, record.values);
  membership(org, object, record, before);
  unique(org, object, record);
  validationRules(org, object, record);
  duplicateRules(org, object, record, before, writer);
}

function required({ fields }: ObjectType, values: Values): void {
  const missing = [...fields.values()]
    .filter((field) => !field.nillable && field.createable && values[field.name] === undefined)
    .map(({ name }) => name);
  if (missing.length > 0) throw refused('REQUIRED_FIELD_MISSING', `Required fields are missing: [${missing.join(', ')}]`, missing);
}

/** A member of a campaign is one lead or one contact, once. */
function membership(org: OrgState, object: ObjectType, { id, values }: StoredRecord, before: Values | undefined): void {
  if (object.name === 'Lead' && before?.IsConverted === true) throw refused('CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead', []);
  if (object.name !== 'CampaignMember') return;
  if ((values.LeadId === undefined) === (values.ContactId === undefined))
    throw refused('REQUIRED_FIELD_MISSING', 'Required fields are missing: [LeadId, ContactId]', ['LeadId', 'ContactId']);
  const who = values.LeadId === undefined ? 'ContactId' : 'LeadId';
  for (const other of org.tables.byValue(object, who, values[who] ?? ''))
    if (other !== id && org.tables.live(object, other)?.values.CampaignId === values.CampaignId)
      throw refused('DUPLICATE_VALUE', 'Already a campaign member.', []);
}

/** Throws where another live record has the value of a unique field. */
export function unique(org: OrgState, object: ObjectType, { id, values }: StoredRecord): void {
  for (const field of object.fields.values()) {
    const value = values[field.name];
    if (!field.unique || value === undefined) continue;
    const other = org.tables.byValue(object, field.name, value).find((each) => each !== id);
    if (other !== undefined)
      throw refused('DUPLICATE_VALUE', `duplicate value found: ${field.name} duplicates value on record with id: ${other.slice(0, 15)}`, []);
  }
}

const PARSED = new Map<string, Condition>();

/** A rule as it was described, read once. Throws MALFORMED_QUERY for one that is none. */
export function ruleOf(refuses: string): Condition {
  const condition = PARSED.get(refuses) ?? parseCondition(refuses);
  PARSED.set(refuses, condition);
  return condition;
}

function validationRules(org: OrgState, object: ObjectType, record: StoredRecord): void {
  const broken = org.description.validationRules.filter(
    (rule) =>
      rule.object === object.name &&
      rule.active !== false &&
      predicateOf(ruleOf(rule.refuses), { reader: org.everything, object, text: rule.refuses, now: org.now(), inner: () => new Set() })(record),
  );
  if (broken[0]) throw refused('FIELD_CUSTOM_VALIDATION_EXCEPTION', broken[0].message, broken[0].field === undefined ? [] : [broken[0].field]);
}

function duplicateRules(org: OrgState, object: ObjectType, { id, values }: StoredRecord, before: Values | undefined, writer: Writer): void {
  for (const { object: of, match, action } of org.description.duplicateRules) {
    if (of !== object.name || (action === 'alert' && writer.allowsDuplicates)) continue;
    if (match.some((name) => values[name] === undefined) || match.every((name) => values[name] === before?.[name])) continue;
    const key = (of: Values): string => JSON.stringify(match.map((name) => String(of[name] ?? '').toLowerCase()));
    for (const other of org.tables.all(object)) {
      if (other.id === id || other.deletion !== undefined || key(other.values) !== key(values)) continue;
      throw refused('DUPLICATES_DETECTED', action === 'block' ? "You're creating a duplicate record." : 'Use one of these records?', []);
    }
  }
}
