import type { Cause } from '../../../automation.js';
import type { ObjectType } from '../object-type.js';
import type { Writer, StoredRecord, WriteSource } from '../record.js';
import type { Reacting } from './reacting.js';

/** As what the account itself makes companies of addresses. */
const BY_ADDRESS: WriteSource = { type: 'COMPANIES', id: 'AutomaticAssociation' };

/** Mail services that many companies share: their domains make no company. */
const FREE_MAIL = new Set(['gmail.com', 'googlemail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'icloud.com', 'aol.com', 'gmx.net', 'web.de']);

/**
 * What a write of `associatedcompanyid` does: that company becomes the contact's primary one, and `''` takes the
 * primary one away. The value itself is not kept. True if anything changed.
 */
export function setCompany(portal: Reacting, contact: StoredRecord, company: string, writer: Writer, backDated: number | undefined): boolean {
  const primary = portal.links.typesBetween('contacts', 'companies').find((each) => each.primary);
  if (!primary) return false;
  const held = [...(portal.links.neighbours('contacts', contact.id, 'companies') ?? [])].find(([, types]) => types.has(primary))?.[0];
  if ((held ?? '') === company) return false;
  if (company !== '') portal.link(primary, contact.id, company, writer, backDated);
  else if (held !== undefined) portal.unlink('contacts', 'companies', undefined, contact.id, held, writer, backDated);
  return true;
}

/** Links a contact to the company at its mail domain, which is made where there is none: if the account is set so. */
export function companyOfAddress(portal: Reacting, type: ObjectType, contact: StoredRecord, because: Cause): void {
  const domain = contact.values.email?.split('@')[1];
  if (!portal.settings.companiesFromAddresses || type.name !== 'contacts' || domain === undefined || FREE_MAIL.has(domain)) return;
  const companies = portal.types.get('companies');
  const known = [...portal.table(companies).from(undefined, false)].find((each) => each.values.domain === domain);
  const writer: Writer = { source: BY_ADDRESS, because };
  const company = known ?? portal.create(companies, { domain, name: domain }, writer);
  const plain = portal.links.plain('contacts', 'companies');
  portal.link(portal.links.primaryOfFirst(plain, contact.id, company.id) ?? plain, contact.id, company.id, writer);
}
