import { canonicalJson } from '../../lib/index.js';
import type { FieldSchema, PlatformRecord, Value } from '../../records/index.js';
import type { AudienceDescription, ImportedMember, MergeFieldDescription } from '../../sandbox/index.js';
import type { StageObject } from './contents.js';

const MERGE = 'merge/';
const TYPES = ['text', 'number', 'address', 'phone', 'date', 'url', 'imageurl', 'radio', 'dropdown', 'birthday', 'zip'] as const;
/** What the label of the members of an audience begins with. */
const OF = /^Members of /u;

/** An audience as the sandbox makes it, by what a snapshot says of its members: its merge fields, groups and permissions. */
export function audienceOf({ schema, records }: StageObject): AudienceDescription {
  const { object, label = object, fields } = schema;
  const options = (name: string): readonly string[] => fields.find((field) => field.name === name)?.options ?? [];
  const named = (name: string): readonly { readonly id: string; readonly name: string }[] => options(name).map((id) => ({ id, name: id }));
  const groups = named('interests');
  return {
    id: object.slice(object.indexOf('-') + 1),
    name: label.replace(OF, ''),
    mergeFields: fields.filter(({ platformType }) => platformType.startsWith(MERGE)).map((field) => mergeFieldOf(field, records)),
    // Which group an interest is of stands in no snapshot.
    groups: groups.length === 0 ? [] : [{ title: 'Groups', interests: groups }],
    permissions: named('marketing_permissions'),
  };
}

function mergeFieldOf({ name: tag, label = tag, platformType, options }: FieldSchema, records: readonly PlatformRecord[]): MergeFieldDescription {
  const type = TYPES.find((each) => MERGE + each === platformType) ?? 'text';
  return {
    tag,
    name: label,
    type,
    ...(options !== undefined && { choices: options }),
    ...(type === 'birthday' && isDayFirst(tag, records) && { dateFormat: 'DD/MM' }),
  };
}

/** Birthdays stay in the order of their field, which a snapshot does not tell: a first part over 12 is a day. */
function isDayFirst(tag: string, records: readonly PlatformRecord[]): boolean {
  return records.some(({ fields }) => Number(/^(\d+)\//u.exec(textOf(fields[tag] ?? null))?.[1] ?? 0) > 12);
}

/** Members as the sandbox has them, under the ids of their contacts. */
export function membersOf({ records }: StageObject, now: number): readonly ImportedMember[] {
  return records.map(({ key, fields, meta }) => {
    const values = Object.entries(fields).flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, textOf(value)] as const]));
    const changed = Date.parse(textOf(meta['last_changed'] ?? null));
    return { contactId: key, values: Object.fromEntries(values), changedAt: Number.isNaN(changed) ? now : changed };
  });
}

const textOf = (value: Value): string =>
  Array.isArray(value) ? value.join(';') : typeof value === 'string' ? value : value === null ? '' : canonicalJson(value);
