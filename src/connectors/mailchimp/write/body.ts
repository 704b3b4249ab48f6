import { type Fields, type FieldSchema, type ObjectSchema, ownValue, setElements, setOwn, type Value } from '../../../records/index.js';
import { INTERESTS, isAddress, isMergeField, PERMISSIONS, TAGS } from '../describe/fields.js';
import { ADDRESS_PARTS } from '../read/record.js';
import { isObject, textIn } from '../wire/shapes.js';

/** Parts without which Mailchimp drops an address, and says that all went well. */
const WHOLE_ADDRESS = ['addr1', 'city', 'state', 'zip'] as const;

export type Body = Readonly<Record<string, unknown>>;

/** Values as the body of a member, of which tags are no part. Or the field that cannot be sent, and why. */
export type Made = { readonly body: Body } | { readonly unfit: string; readonly message: string };

export function bodyOf({ fields }: Pick<ObjectSchema, 'fields'>, set: Fields): Made {
  const body: Record<string, unknown> = {};
  const merge: Record<string, unknown> = {};
  for (const field of fields) {
    const value = ownValue(set, field.name);
    if (value === undefined || field.name === TAGS) continue;
    const unfit = unfitOf(field, value);
    if (unfit !== undefined) return { unfit: field.name, message: unfit };
    setOwn(isMergeField(field) ? (merge as Record<string, Value>) : (body as Record<string, Value>), field.name, wireValue(field, value) as Value);
  }
  return { body: Object.keys(merge).length === 0 ? body : { ...body, merge_fields: merge } };
}

/** The same without what is empty: a new member needs no value emptied. */
export function filledOnly(body: Body): Body {
  const full = Object.entries(body).filter(([, value]) => value !== '');
  return Object.fromEntries(full.map(([name, value]) => [name, name === 'merge_fields' && isObject(value) ? filledOnly(value) : value]));
}

function wireValue(field: FieldSchema, value: Value): unknown {
  if (field.name === INTERESTS) return Object.fromEntries(chosenOf(field, value));
  if (field.name === PERMISSIONS) return chosenOf(field, value).map(([id, enabled]) => ({ marketing_permission_id: id, enabled }));
  if (field.type === 'boolean') return value === true;
  if (value === null) return '';
  if (isAddress(field)) return partsOf(value);
  return field.type === 'number' && String(Number(value)) === value ? Number(value) : value;
}

/** Every option of a set, with whether it is chosen; and what is chosen and no option any more, for Mailchimp to refuse. */
function chosenOf({ options = [] }: FieldSchema, value: Value): readonly (readonly [string, boolean])[] {
  const chosen = new Set(setElements(value) ?? []);
  return [...new Set([...options, ...chosen])].map((id) => [id, chosen.has(id)]);
}

function unfitOf(field: FieldSchema, value: Value): string | undefined {
  if (field.required === true && (value === null || value === '')) return `${field.name} cannot be empty`;
  if (!isAddress(field) || value === null || value === '') return undefined;
  const parts = partsOf(value);
  const lacks = WHOLE_ADDRESS.filter((part) => (textIn(parts, part) ?? '') === '');
  return lacks.length === 0 ? undefined : `Mailchimp keeps no address without ${lacks.join(', ')}`;
}

function partsOf(value: Value): unknown {
  try {
    const parts: unknown = JSON.parse(typeof value === 'string' ? value : '');
    return isObject(parts) ? Object.fromEntries(ADDRESS_PARTS.map((part) => [part, textIn(parts, part) ?? ''])) : undefined;
  } catch {
    return undefined;
  }
}
