import type { AutomatedAccount } from '../../../kit/automations/automations.js';
import { recordNotFound } from '../../failure.js';
import type { Reacting } from '../reactions/reacting.js';
import { WORKFLOW } from '../record.js';

/** The account as its workflows see it and write to it. */
export function automatedPortal(portal: Reacting): AutomatedAccount {
  return {
    objectOf: (object) => portal.types.get(object).name,
    hasField: (object, field) => portal.types.get(object).properties.has(field),
    find: (object, key) => {
      const record = portal.table(portal.types.get(object)).find(key);
      return record?.id === key ? record.values : undefined;
    },
    write(object, key, values, { id, name }, because) {
      const type = portal.types.get(object);
      const record = portal.table(type).find(key);
      if (!record) throw recordNotFound();
      const sent = Object.fromEntries(Object.entries(values).map(([field, value]) => [field, value ?? '']));
      portal.update(type, record, sent, { source: { type: WORKFLOW, id, label: name }, because });
    },
    optedOut: (_, { hs_email_optout: out }) => out === 'true',
  };
}
