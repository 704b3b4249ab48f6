import { type FieldSchema, type ObjectSchema, type PlatformRecord, setOwn, type Value } from '../../../records/index.js';
import { ADDRESS, INTERESTS, isAddress, isMergeField, PERMISSIONS, TAGS } from '../describe/fields.js';
import { isObject, permissionsIn, textIn, type WireMember } from '../wire/shapes.js';

/** The parts of an address in the order that its text has. */
export const ADDRESS_PARTS = ['addr1', 'addr2', 'city', 'state', 'zip', 'country'] as const;

/** A member as a record: Mailchimp knows no difference between nothing and an empty text. */
export function memberRecord(schema: ObjectSchema, member: WireMember): PlatformRecord {
  const [fields, meta]: [Record<string, Value>, Record<string, Value>] = [{}, {}];
  for (const field of schema.fields) setOwn(field.readOnly ? meta : fields, field.name, valueOf(field, member));
  return { key: member.contact_id, fields, meta };
}

function valueOf(field: FieldSchema, member: WireMember): Value {
  switch (field.name) {
    case TAGS:
      return sorted(listIn(member, TAGS).map((tag) => textIn(tag, 'name') ?? ''));
    case INTERESTS: {
      const chosen = isObject(member[INTERESTS]) ? Object.entries(member[INTERESTS]) : [];
      return sorted(chosen.flatMap(([id, is]) => (is === true ? [id] : [])));
    }
    case PERMISSIONS:
      return sorted(permissionsIn(member).flatMap(({ marketing_permission_id: id, enabled }) => (enabled ? [id] : [])));
    default:
      return plain(field, isMergeField(field) ? mergeValue(member, field.name) : member[field.name]);
  }
}

function plain(field: FieldSchema, told: unknown): Value {
  if (isAddress(field)) return addressText(told);
  if (field.type === 'boolean') return told === true;
  if (typeof told === 'number') return String(told);
  return typeof told === 'string' && told !== '' ? told : null;
}

/** All parts of an address in one order, so that the same one is the same text. */
function addressText(told: unknown): Value {
  if (!isObject(told)) return typeof told === 'string' && told !== '' ? told : null;
  return JSON.stringify(Object.fromEntries(ADDRESS_PARTS.map((part) => [part, textIn(told, part) ?? ''])));
}

function mergeValue(member: WireMember, tag: string): unknown {
  const values = member['merge_fields'];
  return isObject(values) && Object.hasOwn(values, tag) ? values[tag] : undefined;
}

function listIn(member: WireMember, name: string): readonly unknown[] {
  const list = member[name];
  return Array.isArray(list) ? list : [];
}

function sorted(texts: readonly string[]): Value {
  return [...new Set(texts.filter((text) => text !== ''))].sort();
}

/** What of a member has to be asked for, so that nothing else is told. */
export function wanted(schema: ObjectSchema, before = ''): string {
  const names = new Set(['contact_id', 'status', ADDRESS]);
  for (const field of schema.fields) names.add(isMergeField(field) ? `merge_fields.${field.name}` : field.name);
  return [...names].map((name) => before + name).join(',');
}
