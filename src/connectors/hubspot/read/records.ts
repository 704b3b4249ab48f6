import { defined } from '../../../lib/index.js';
import { ownValue, setOwn, type FieldSchema, type ObjectSchema, type PlatformRecord, type Value } from '../../../records/index.js';
import type { FieldChange, RecordHistory } from '../../connector.js';
import { isObject, textIn, type WireRecord } from '../wire/shapes.js';
import { fromPlatform } from '../wire/values.js';
import { makerOf } from './makers.js';

/** Brings records of one object type into canonical form. Made once per read, since it sorts the fields. */
export function recordMaker(schema: ObjectSchema): (wire: WireRecord) => PlatformRecord {
  return (wire) => {
    const fields: Record<string, Value> = {};
    const meta: Record<string, Value> = {};
    for (const field of schema.fields) {
      const raw = ownValue(wire.properties, field.name);
      if (raw !== undefined) setOwn(field.readOnly ? meta : fields, field.name, fromPlatform(field, raw));
    }
    return { key: wire.id, fields, meta };
  };
}

/** Who wrote what, newest first, out of `propertiesWithHistory`. */
export function historyOf(schema: ObjectSchema, wire: WireRecord): RecordHistory {
  const fields: Record<string, readonly FieldChange[]> = {};
  const byName = new Map(schema.fields.map((field) => [field.name, field]));
  for (const [name, versions] of Object.entries(isObject(wire.propertiesWithHistory) ? wire.propertiesWithHistory : {})) {
    const field = byName.get(name);
    if (field && Array.isArray(versions))
      fields[name] = versions
        .filter(isObject)
        .map((version) => changeOf(field, version))
        .sort(newestFirst);
  }
  const at = timeOf(wire.createdAt);
  const writer = sourceName(textIn(wire.properties, 'hs_object_source'), textIn(wire.properties, 'hs_object_source_id'));
  const created = {
    ...defined({ at, writer, maker: makerOf(textIn(wire.properties, 'hs_object_source')) }),
    ...byPlatform(textIn(wire.properties, 'hs_object_source')),
  };
  const merged = mergedOf(wire);
  return { fields, ...(Object.keys(created).length === 0 ? {} : { created }), ...defined({ merged }) };
}

/**
 * Whether other records were merged into one, and when last: `hs_merged_object_ids` lists ids, `hs_calculated_merged_vids`
 * of contacts ids with times (`123:1690000000000`), the record's own among them.
 */
function mergedOf({ id, properties }: WireRecord): RecordHistory['merged'] {
  const parts = ['hs_merged_object_ids', 'hs_calculated_merged_vids'].flatMap((name) => (textIn(properties, name) ?? '').split(';'));
  const others = parts.map((part) => part.split(':')).filter(([other = '']) => other !== '' && other !== id);
  if (others.length === 0) return undefined;
  const times = others.map(([, ms]) => Number(ms ?? Number.NaN));
  const timed = new Set(others.flatMap(([other = '', ms]) => (ms === undefined ? [] : [other])));
  return others.every(([other = '']) => timed.has(other)) ? { at: new Date(Math.max(...times.filter(Number.isFinite))).toISOString() } : {};
}

function newestFirst(a: FieldChange, b: FieldChange): number {
  return Date.parse(b.at ?? '') - Date.parse(a.at ?? '') || 0;
}

/** One version: `value`, `timestamp`, `sourceType`, `sourceId`, `sourceLabel`, `updatedByUserId`, all of them optional. */
function changeOf(field: FieldSchema, version: Readonly<Record<string, unknown>>): FieldChange {
  const at = timeOf(version['timestamp']);
  const user = typeof version['updatedByUserId'] === 'number' ? `userId:${String(version['updatedByUserId'])}` : undefined;
  const type = textIn(version, 'sourceType');
  const writer = sourceName(type, textIn(version, 'sourceId') ?? user);
  return {
    // A version without a value says that there was a write; one that emptied the property tells an empty text.
    ...('value' in version ? { value: fromPlatform(field, inForm(field, version['value'])) } : {}),
    ...defined({ at, writer, label: textIn(version, 'sourceLabel'), maker: user === undefined ? makerOf(type) : 'person' }),
    ...(user === undefined ? byPlatform(type) : {}),
  };
}

/**
 * Sources behind which stands somebody: a person in the web or mobile interface, an import, an app, a form, a mail, a
 * meeting, a chat.
 */
const SOMEBODY =
  /^(CRM_UI|MOBILE|IMPORT|INTEGRATION|API|FORM|MEETING|EMAIL|GMAIL|OUTLOOK|CONVERSATION|BOT|CHAT|LIVE_?CHAT|CONTACTS_WEB|BATCH_UPDATE|BCC|FORWARD|PREFERENCE|SUBSCRIPTION|UNSUBSCRIBE|SOCIAL|SALES|TASK|CALL|MERGE|PUBLIC|PLAYBOOK|SURVEY|FEEDBACK|SLACK|DATA_?SYNC|SYNC|EXTENSION|IOS|ANDROID|TWITTER|FACEBOOK|LINKEDIN)/;

/** True where HubSpot wrote by itself; every source that is not known to be somebody's counts. */
function byPlatform(type: string | undefined): { readonly byPlatform?: true } {
  return type === undefined || SOMEBODY.test(type) ? {} : { byPlatform: true };
}

/** Times that a history tells in milliseconds, as older ones of HubSpot do, in the form in which a record holds them. */
function inForm({ type }: FieldSchema, told: unknown): unknown {
  if ((type !== 'date' && type !== 'datetime') || typeof told !== 'string' || !/^\d{10,14}$/.test(told)) return told;
  const iso = new Date(Number(told)).toISOString();
  return type === 'date' ? iso.slice(0, 10) : iso;
}

function timeOf(text: unknown): string | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** `INTEGRATION:12345`, `CRM_UI:userId:42`: how runback.yml names a writer under `writes_as`. */
export function sourceName(type: string | undefined, id: string | undefined): string | undefined {
  if (type === undefined) return undefined;
  return id === undefined || id === '' ? type : `${type}:${id}`;
}
