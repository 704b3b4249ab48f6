import { canonicalJson } from '../../lib/index.js';
import type { FieldSchema, Fields, PlatformRecord, Value } from '../../records/index.js';
import type { ImportedAccount, ImportedLinks, ImportedProperty, ImportedRecord } from '../../sandbox/index.js';
import type { StageContents } from './contents.js';

/** What a snapshot holds of a HubSpot account, in the words of HubSpot's API. What HubSpot works out by itself is left out. */
export function importedAccount({ objects, links }: StageContents): ImportedAccount {
  return {
    objects: objects.map(({ schema, records, referred = [] }) => {
      const fields = new Map(schema.fields.map((field) => [field.name, field]));
      const all = (some: readonly PlatformRecord[]): ImportedRecord[] => some.map((record) => recordOf(record, fields));
      return { name: schema.object, properties: schema.fields.map(propertyOf), records: all(records), referred: all(referred) };
    }),
    links: links.map(({ schema: { from, to, kind, label = null }, pairs }) => {
      const [category = '', typeId = ''] = kind.split('-');
      return {
        from,
        to,
        category: category as ImportedLinks['category'],
        typeId: Number(typeId),
        label,
        pairs: pairs.map((pair) => [pair.from, pair.to] as const),
      };
    }),
  };
}

/** `platformType` is `enumeration/select`. */
function propertyOf(field: FieldSchema): ImportedProperty {
  const { name, label = name, platformType, readOnly, unique = false, options } = field;
  const [type = 'string', fieldType = 'text'] = platformType.split('/');
  return {
    name,
    label,
    type: type as ImportedProperty['type'],
    fieldType,
    readOnly,
    unique,
    consent: isConsent(field),
    ...(options === undefined ? {} : { options }),
  };
}

/** A person decides it: it is read-only for the API, and yet it is put back by hand. */
const isConsent = ({ readOnly, optedOut, byHand }: FieldSchema): boolean => readOnly && (optedOut !== undefined || byHand !== undefined);

function recordOf({ key, fields, meta }: PlatformRecord, schema: ReadonlyMap<string, FieldSchema>): ImportedRecord {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...meta, ...fields })) {
    const field = schema.get(name);
    // Links say which company is the primary one.
    if (field === undefined || field.viaLink !== undefined || (field.readOnly && !isConsent(field)) || value === null) continue;
    values[name] = textOf(value);
  }
  const createdAt = timeIn(meta, 'createdate', 'hs_createdate') ?? 0;
  return { id: key, values, createdAt, updatedAt: timeIn(meta, 'lastmodifieddate', 'hs_lastmodifieddate') ?? createdAt };
}

const textOf = (value: Value): string => (Array.isArray(value) ? value.join(';') : typeof value === 'string' ? value : canonicalJson(value));

function timeIn(meta: Fields, ...names: readonly string[]): number | undefined {
  const times = names.flatMap((name) => (typeof meta[name] === 'string' ? [Date.parse(meta[name])] : []));
  return times.find((time) => !Number.isNaN(time));
}
