import type { AutomatedAccount } from '../../kit/automations/automations.js';
import type { TrueValues, WrittenValues } from '../../sandbox.js';
import type { Account } from './account.js';
import { hasField, recordOf, updateRecord } from './records.js';

/** The account as its automations see it and write to it, by the rules that hold for the API. */
export function automatedAccount(account: Account): AutomatedAccount {
  return {
    hasField: (object, field) => hasField(account, object, field),
    find: (object, key): TrueValues | undefined => recordOf(account, object, key),
    write: (object, key, values: WrittenValues, _, because) =>
      updateRecord(account, object, key, values, { writer: { cause: because, isPerson: false }, skips: true }),
    optedOut: (_, { status }) => status !== 'subscribed',
  };
}
