import type { SandboxLink, TrueValues, Truth } from '../sandbox.js';
import type { ObjectType } from './schema/object-type.js';
import type { Org } from './state/org.js';
import type { StoredRecord } from './state/record.js';

/** What the account really holds of what people work with. */
export function truthOf(org: Org): Truth {
  const object = (name: string): ObjectType => org.schema.get(name);
  return {
    objects: org.schema.all().flatMap(({ name, business }) => (business ? [name] : [])),
    record(name, key) {
      const found = org.tables.live(object(name), key);
      return found && writtenValues(object(name), found);
    },
    *records(name) {
      const of = object(name);
      for (const record of org.tables.all(of)) if (record.deletion === undefined) yield { key: record.id, values: writtenValues(of, record) };
    },
    *links() {
      for (const of of org.schema.all()) if (of.business) yield* linksFrom(org, of);
    },
  };
}

/** What clients or people may have written: what they can set when they make a record, or later. */
export function writtenValues({ fields }: ObjectType, { values }: StoredRecord): TrueValues {
  const written: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = fields.get(name);
    if (!field || !(field.createable || field.updateable)) continue;
    written[name] = field.type === 'multipicklist' ? String(value).split(';').sort().join(';') : String(value);
  }
  return written;
}

/** A reference to what people work with is a link, and its field tells it too; one to a user is a value only. */
function* linksFrom(org: Org, object: ObjectType): Iterable<SandboxLink> {
  const references = [...object.fields.values()].filter(({ type, createable }) => type === 'reference' && createable);
  for (const record of org.tables.all(object)) {
    if (record.deletion !== undefined) continue;
    for (const { name } of references) {
      const to = record.values[name];
      const target = typeof to === 'string' ? org.schema.ofId(to) : undefined;
      if (target?.business === true && typeof to === 'string')
        yield { kind: `${object.name}.${name}`, fromObject: object.name, from: record.id, toObject: target.name, to };
    }
  }
}
