import { address, area, DEFAULTED, field, type Field, flag, int, number, phone, picklist, READ_ONLY, reference, REQUIRED, text } from '../field.js';
import { objectType, type ObjectType } from '../object-type.js';

const owner = (to: readonly string[] = ['User']): Field => reference('OwnerId', to, { ...DEFAULTED, onParentDelete: 'keep' });
const SALUTATIONS = ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.', 'Mx.'];
const SOURCES = ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other'];
const RATINGS = ['Hot', 'Warm', 'Cold'];
const INDUSTRIES = ['Agriculture', 'Banking', 'Consulting', 'Education', 'Energy', 'Finance', 'Healthcare', 'Manufacturing', 'Retail', 'Technology'];
const nameParts: readonly Field[] = [
  text('LastName', 80, { ...REQUIRED, compoundFieldName: 'Name' }),
  text('FirstName', 40, { compoundFieldName: 'Name' }),
  picklist('Salutation', SALUTATIONS, { length: 40, compoundFieldName: 'Name' }),
  text('Name', 121, { ...READ_ONLY, ...REQUIRED, nameField: true, label: 'Full Name' }),
];
const touched: readonly Field[] = [
  field('LastActivityDate', 'date', READ_ONLY),
  field('LastViewedDate', 'datetime', READ_ONLY),
  field('LastReferencedDate', 'datetime', READ_ONLY),
];
const email = (more: Partial<Field> = {}): Field => field('Email', 'email', { length: 80, idLookup: true, ...more });
const bounced: readonly Field[] = [text('EmailBouncedReason', 255), field('EmailBouncedDate', 'datetime')];

/** Accounts, as describe tells them. */
export const ACCOUNT: ObjectType = objectType(
  'Account',
  '001',
  [
    reference('MasterRecordId', ['Account'], READ_ONLY),
    text('Name', 255, { ...REQUIRED, nameField: true, label: 'Account Name' }),
    picklist('Type', ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Channel Partner / Reseller', 'Other'], { label: 'Account Type' }),
    reference('ParentId', ['Account'], { childRelationshipName: 'ChildAccounts' }),
    ...address('Billing'),
    ...address('Shipping'),
    phone('Phone'),
    phone('Fax'),
    text('AccountNumber', 40),
    field('Website', 'url', { length: 255 }),
    field('PhotoUrl', 'url', { ...READ_ONLY, length: 255 }),
    text('Sic', 20),
    picklist('Industry', INDUSTRIES),
    number('AnnualRevenue', 'currency', 18, 0),
    int('NumberOfEmployees', 8),
    picklist('Ownership', ['Public', 'Private', 'Subsidiary', 'Other']),
    text('TickerSymbol', 20),
    area('Description', 32_000),
    picklist('Rating', RATINGS),
    text('Site', 80),
    owner(),
    ...touched,
    picklist('AccountSource', SOURCES),
    text('SicDesc', 80),
  ],
  { historyObject: 'AccountHistory' },
);

/** Contacts. Deleting an account deletes them, although describe says `cascadeDelete: false`. */
export const CONTACT: ObjectType = objectType(
  'Contact',
  '003',
  [
    reference('MasterRecordId', ['Contact'], READ_ONLY),
    reference('AccountId', ['Account'], { childRelationshipName: 'Contacts', onParentDelete: 'cascade' }),
    ...nameParts,
    ...address('Other'),
    ...address('Mailing'),
    phone('Phone'),
    phone('Fax'),
    phone('MobilePhone'),
    phone('HomePhone'),
    phone('OtherPhone'),
    phone('AssistantPhone'),
    reference('ReportsToId', ['Contact']),
    email(),
    text('Title', 128),
    text('Department', 80),
    text('AssistantName', 40),
    picklist('LeadSource', SOURCES),
    field('Birthdate', 'date'),
    area('Description', 32_000),
    owner(),
    flag('HasOptedOutOfEmail', { label: 'Email Opt Out' }),
    flag('DoNotCall'),
    ...touched,
    ...bounced,
    flag('IsEmailBounced', READ_ONLY),
    field('PhotoUrl', 'url', { ...READ_ONLY, length: 255 }),
  ],
  { historyObject: 'ContactHistory' },
);

/** Leads; those that were converted cannot be changed. */
export const LEAD: ObjectType = objectType(
  'Lead',
  '00Q',
  [
    reference('MasterRecordId', ['Lead'], READ_ONLY),
    ...nameParts,
    text('Title', 128),
    text('Company', 255, REQUIRED),
    ...address(''),
    phone('Phone'),
    phone('MobilePhone'),
    phone('Fax'),
    email(),
    field('Website', 'url', { length: 255 }),
    area('Description', 32_000),
    picklist('LeadSource', SOURCES),
    picklist('Status', ['Open - Not Contacted', 'Working - Contacted', 'Closed - Converted', 'Closed - Not Converted'], {
      ...DEFAULTED,
      fallback: 'Open - Not Contacted',
    }),
    picklist('Industry', INDUSTRIES),
    picklist('Rating', RATINGS),
    number('AnnualRevenue', 'currency', 18, 0),
    int('NumberOfEmployees', 8),
    owner(['Group', 'User']),
    flag('HasOptedOutOfEmail', { label: 'Email Opt Out' }),
    flag('DoNotCall'),
    flag('IsConverted', { updateable: false }),
    field('ConvertedDate', 'date', READ_ONLY),
    reference('ConvertedAccountId', ['Account'], READ_ONLY),
    reference('ConvertedContactId', ['Contact'], READ_ONLY),
    reference('ConvertedOpportunityId', ['Opportunity'], READ_ONLY),
    flag('IsUnreadByOwner', { defaultValue: true }),
    ...touched,
    ...bounced,
  ],
  { historyObject: 'LeadHistory' },
);

/** Users: nobody deletes them. */
export const USER: ObjectType = objectType(
  'User',
  '005',
  [
    text('Username', 80, { ...REQUIRED, idLookup: true }),
    ...nameParts,
    field('Email', 'email', { length: 128, ...REQUIRED, idLookup: true }),
    text('Alias', 8, REQUIRED),
    text('Title', 80),
    text('Department', 80),
    flag('IsActive', { defaultValue: true }),
    reference('ProfileId', ['Profile'], { ...REQUIRED, onParentDelete: 'keep' }),
    picklist('UserType', ['Standard', 'AutomatedProcess'], { ...READ_ONLY, ...DEFAULTED, fallback: 'Standard', restrictedPicklist: true }),
    picklist('TimeZoneSidKey', ['GMT', 'America/New_York', 'Europe/Berlin'], { ...DEFAULTED, fallback: 'GMT', restrictedPicklist: true }),
  ],
  { deletable: false, undeletable: false, business: false },
);
