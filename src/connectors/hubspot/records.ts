import type { ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { FieldChange, RecordHistory } from '../connector.js';
import { fromPlatform } from './values.js';
import type { WireRecord, WireVersion } from './wire.js';

/** Brings records of one object type into canonical form. Made once per read, since it sorts the fields. */
export function recordMaker(schema: ObjectSchema): (wire: WireRecord) => PlatformRecord {
  return (wire) => {
    const fields: Record<string, Value> = {};
    const meta: Record<string, Value> = {};
    for (const field of schema.fields) {
      const raw = wire.properties[field.name];
      if (raw !== undefined) (field.readOnly ? meta : fields)[field.name] = fromPlatform(field, raw);
    }
    return { key: wire.id, fields, meta };
  };
}

/** Who wrote what, newest first, out of `propertiesWithHistory`. */
export function historyOf(schema: ObjectSchema, wire: WireRecord): RecordHistory {
  const fields: Record<string, readonly FieldChange[]> = {};
  const byName = new Map(schema.fields.map((field) => [field.name, field]));
  for (const [name, versions] of Object.entries(wire.propertiesWithHistory ?? {})) {
    const field = byName.get(name);
    if (field)
      fields[name] = versions
        .map((version) => ({ value: fromPlatform(field, version.value ?? null), ...when(version), ...who(version) }))
        .sort(newestFirst);
  }
  const writer = sourceName(wire.properties['hs_object_source'] ?? undefined, wire.properties['hs_object_source_id'] ?? undefined);
  const created = { ...(wire.createdAt === undefined ? {} : { at: wire.createdAt }), ...(writer === undefined ? {} : { writer }) };
  return { fields, ...(Object.keys(created).length === 0 ? {} : { created }) };
}

function newestFirst(a: FieldChange, b: FieldChange): number {
  return Date.parse(b.at ?? '') - Date.parse(a.at ?? '') || 0;
}

function when(version: WireVersion): { at?: string } {
  const ms = Date.parse(version.timestamp ?? '');
  return Number.isNaN(ms) ? {} : { at: new Date(ms).toISOString() };
}

function who(version: WireVersion): { writer?: string } {
  const user = version.updatedByUserId === undefined ? undefined : `userId:${String(version.updatedByUserId)}`;
  const name = sourceName(version.sourceType, version.sourceId ?? user);
  return name === undefined ? {} : { writer: name };
}

/** `INTEGRATION:12345`, `CRM_UI:userId:42`: how runback.yml names a writer under `writes_as`. */
function sourceName(type: string | undefined, id: string | undefined): string | undefined {
  if (type === undefined) return undefined;
  return id === undefined || id === '' ? type : `${type}:${id}`;
}
