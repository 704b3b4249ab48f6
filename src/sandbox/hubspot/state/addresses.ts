import type { StoredRecord } from './record.js';
import type { PropertyValues } from './values.js';

const split = (list: string | undefined): readonly string[] => (list ?? '').split(';').filter((each) => each !== '');

/** A contact's address, and the further ones it got by merging. */
export const addressesOf = (values: PropertyValues): readonly string[] => [
  ...(values.email === undefined ? [] : [values.email]),
  ...split(values.hs_additional_emails),
];

/** Where a write makes one of a contact's further addresses its address, the one before becomes a further one. */
export function swapAddresses(record: StoredRecord, accepted: Record<string, string>): void {
  const further = split(record.values.hs_additional_emails);
  const { email } = accepted;
  if (email === undefined || !further.includes(email)) return;
  const left = record.values.email === undefined ? [] : [record.values.email];
  accepted.hs_additional_emails = [...further.filter((each) => each !== email), ...left].join(';');
}
