import type { SalesforceSandbox } from '../handle.js';
import { descriptionForm } from '../schema/description.js';
import type { ObjectType } from '../schema/object-type.js';
import { Schema } from '../schema/schema.js';
import { derive } from '../state/derived.js';
import type { OrgDump } from '../state/dump.js';
import { wideId } from '../state/ids.js';
import { type Scalar, timeOf } from '../state/record.js';
import { describedAs } from './describe.js';
import type { ImportedOrg, ImportedRow } from './imported.js';

type Rows = OrgDump['records'][number][1];

/**
 * Puts another account into an empty sandbox: its custom objects and fields, the values of its choices, its records under their own ids.
 * Whoever wrote or owns records there is a user without a name. `onlySettings`: none of its records, but everything that they name.
 * Throws, and puts nothing there, where an id is none.
 */
export function importOrg(
  sandbox: SalesforceSandbox,
  { objects }: ImportedOrg,
  { onlySettings = false }: { readonly onlySettings?: boolean } = {},
): void {
  const dump = sandbox.dump();
  const { description, options } = describedAs(objects, sandbox.org.schema);
  const complete = descriptionForm.parse(description);
  const schema = new Schema(complete, dump.pod);
  const now = timeOf(sandbox.now().getTime());
  const base = { admin: sandbox.org.adminId, now };
  const records = new Map<string, Rows>(dump.records);
  for (const { name, records: rows } of objects) {
    const object = schema.get(name);
    if (!onlySettings) records.set(object.name, rows.map((row) => stored(object, row, base)).sort(byId));
  }
  const all = objects.flatMap((one) => [...one.records, ...(one.referred ?? [])]);
  records.set('User', [...(records.get('User') ?? []), ...peopleOf(all, '005', 'User', now)]);
  records.set('Group', [...(records.get('Group') ?? []), ...peopleOf(all, '00G', 'Queue', now)]);
  records.set('RecordType', recordTypeRows(schema, now));
  sandbox.load({
    ...dump,
    description: complete,
    options: options.map(([object, field, values]) => [object, field, [...values]]),
    records: [...records],
  });
  sandbox.resetCounts();
}

function stored(
  object: ObjectType,
  { id, values: given }: ImportedRow,
  { admin, now }: { readonly admin: string; readonly now: string },
): Rows[number] {
  if (wideId(id) !== id) throw new TypeError('an id of a record has no 18 characters');
  const values: Record<string, Scalar> = { Id: id };
  for (const { name, type } of object.fields.values()) if (type === 'boolean' && name !== 'IsDeleted') values[name] = false;
  if (object.fields.has('OwnerId')) values['OwnerId'] = admin;
  const stamp = { CreatedDate: now, CreatedById: admin, LastModifiedDate: now, LastModifiedById: admin, SystemModstamp: now };
  for (const [name, value] of Object.entries({ ...stamp, ...given })) if (object.fields.has(name)) values[name] = value;
  derive(object.name, values, undefined, new Set(Object.keys(given)), Date.parse(now));
  return { id, values };
}

/** Users and queues that records name, without their names. */
function peopleOf(rows: readonly ImportedRow[], prefix: string, kind: 'User' | 'Queue', now: string): Rows {
  const ids = new Set(rows.flatMap(({ values }) => Object.values(values).filter((value): value is string => isIdOf(value, prefix))));
  return [...ids].sort().map((id) => {
    const name = `${kind} ${id}`;
    const times = { CreatedDate: now, LastModifiedDate: now, SystemModstamp: now };
    const own =
      kind === 'User'
        ? { Username: `${id.toLowerCase()}.${id.slice(-3)}@example.com`, LastName: name, IsActive: true, UserType: 'Standard', Alias: id.slice(-8) }
        : { DeveloperName: name.replaceAll(' ', '_'), Type: 'Queue' };
    return { id, values: { Id: id, Name: name, ...times, ...own } };
  });
}

const isIdOf = (value: Scalar, prefix: string): boolean => typeof value === 'string' && value.startsWith(prefix) && wideId(value) === value;

function recordTypeRows(schema: Schema, now: string): Rows {
  return schema.all().flatMap(({ name: object, recordTypes }) =>
    recordTypes.map(({ id, name, developerName }) => ({
      id,
      values: {
        Id: id,
        Name: name,
        DeveloperName: developerName,
        SobjectType: object,
        IsActive: true,
        CreatedDate: now,
        LastModifiedDate: now,
        SystemModstamp: now,
      },
    })),
  );
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
