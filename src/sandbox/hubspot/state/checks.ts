import { badRequest, contactExists, uniqueTaken } from '../failure.js';
import type { ObjectType, ObjectTypes } from './object-type.js';
import { checkStage } from './pipeline-rules.js';
import type { RecordTable } from './record-table.js';
import type { StoredRecord } from './record.js';
import type { PropertyValues } from './values.js';

/** What a write is held against. */
interface Checked {
  readonly types: ObjectTypes;
  readonly blockedEmails: ReadonlySet<string>;
  table(type: ObjectType): RecordTable;
}

/** Throws what HubSpot refuses of values that are valid each by itself. */
export function checkWrite(portal: Checked, type: ObjectType, accepted: PropertyValues, record: StoredRecord | undefined): void {
  checkUnique(portal, type, accepted, record);
  checkStage(type, accepted, record?.values ?? {});
  const company = accepted.associatedcompanyid ?? '';
  if (type.name === 'contacts' && company !== '' && !portal.table(portal.types.get('companies')).find(company))
    throw badRequest(`Company ${company} does not exist`, [
      { message: `Company ${company} does not exist`, code: 'INVALID_OPTION', context: { propertyName: ['associatedcompanyid'] } },
    ]);
}

/** Throws for a value that another record holds, or that nobody may hold any more. */
export function checkUnique(portal: Checked, type: ObjectType, accepted: PropertyValues, record: StoredRecord | undefined): void {
  for (const [name, value] of Object.entries(accepted)) {
    if (value === '' || !type.properties.get(name)?.unique) continue;
    if (name === 'email' && portal.blockedEmails.has(value))
      throw badRequest(`Email address ${value} belongs to a contact that was deleted for GDPR reasons`, [
        { message: 'This email address is blocked', code: 'GDPR_BLOCKED', context: { propertyName: ['email'] } },
      ]);
    const holder = portal.table(type).holder(name, value);
    if (holder !== undefined && holder !== record?.id) throw name === 'email' ? contactExists(holder) : uniqueTaken(name, value, holder);
  }
}
