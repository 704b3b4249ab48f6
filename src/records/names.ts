import { defined, ownValue } from '../lib/index.js';
import type { Fields } from './record.js';

/** How people know a record. */
export interface RecordNames {
  readonly name?: string;
  /** A mail address, a domain, a web address. */
  readonly address?: string;
}

/** Fields whose values together name a person, the best first. */
const PERSONS: readonly (readonly string[])[] = [
  ['firstname', 'lastname'],
  ['first_name', 'last_name'],
  ['given_name', 'family_name'],
  // Salesforce, and the merge fields of Mailchimp.
  ['FirstName', 'LastName'],
  ['FNAME', 'LNAME'],
];
/** Fields that name a record alone, the best first. */
const TITLES = [
  'name',
  'full_name',
  'fullname',
  'display_name',
  'dealname',
  'subject',
  'title',
  'company_name',
  'label',
  'username',
  'login',
  'Name',
  'Subject',
];
const ADDRESSES = ['email', 'email_address', 'mail', 'e_mail', 'domain', 'website', 'url', 'Email', 'Website'];

/**
 * The name and the address that a record's fields give, by what such fields are called on the platforms we know; each
 * left out where none does.
 */
export function namesOf(fields: Fields): RecordNames {
  const person = PERSONS.map((names) => names.flatMap((name) => textOf(fields, name) ?? []).join(' ')).find((text) => text !== '');
  const name = person ?? firstOf(fields, TITLES);
  const address = firstOf(fields, ADDRESSES);
  return { ...defined({ name, address }) };
}

function firstOf(fields: Fields, names: readonly string[]): string | undefined {
  return names.map((name) => textOf(fields, name)).find((text) => text !== undefined);
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = ownValue(fields, name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
