import type { Cause } from '../../automation.js';
import type { AutomatedAccount } from '../../kit/automations/automations.js';
import type { ObjectType } from '../schema/object-type.js';
import { fieldOf } from '../schema/schema.js';
import type { Sent } from './draft.js';
import type { OrgState } from './org-state.js';
import type { StoredRecord, Writer } from './record.js';
import { textOf } from './text.js';

interface Writing extends OrgState {
  /** The user whose write set something off. */
  setOffBy(cause: Cause): string;
  update(object: ObjectType, id: string, sent: Sent, manner: { readonly writer: Writer; readonly form: 'text' }): StoredRecord;
}

/** The account as its flows see it and write to it: as the user who set them off, who is the one that last changed the record then. */
export function automatedOrg(org: Writing): AutomatedAccount {
  return {
    objectOf: (object) => org.schema.get(object).name,
    hasField: (object, field) => fieldOf(org.schema.get(object), field) !== undefined,
    find: (object, key) => {
      const found = org.tables.live(org.schema.get(object), key);
      return found && textOf(found.values);
    },
    write(object, key, values, _, because) {
      const writer = { userId: org.setOffBy(because), cause: because, isAdmin: true, auditFields: false, allowsDuplicates: true };
      org.update(org.schema.get(object), key, values, { writer, form: 'text' });
    },
    optedOut: (_, { HasOptedOutOfEmail: out }) => out === 'true',
  };
}
