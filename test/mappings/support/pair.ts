import { type Held, lintMappings, type LintFinding, type LintInput, parseMapping, type ReadSchema } from '../../../src/mappings/index.js';
import type { FieldSchema, ObjectSchema } from '../../../src/records/index.js';

/** A field with what is usual left out. */
export function field(name: string, type: FieldSchema['type'], more: Partial<FieldSchema> = {}): FieldSchema {
  return { name, type, platformType: type, readOnly: false, ...more };
}

export function object(name: string, fields: readonly FieldSchema[], more: Partial<ObjectSchema> = {}): ObjectSchema {
  return { object: name, keyFields: [], fields, createWithKey: false, undelete: false, sideEffects: [], ...more };
}

/** A CRM and a marketing platform in order, and a mapping between them that nothing is wrong with. */
export const CRM = object('Contact', [
  field('HubSpotId__c', 'string', { unique: true, maxLength: 20 }),
  field('LastName', 'string', { required: true, maxLength: 80 }),
  field('Email', 'string', { maxLength: 80 }),
  field('Title', 'string', { maxLength: 128 }),
  field('Phone', 'string', { maxLength: 40 }),
  field('Status__c', 'enum', { options: ['New', 'Working', 'Gone'] }),
  field('Topics__c', 'set', { options: ['a', 'b'] }),
  field('Score__c', 'number', { platformType: 'double(16,2)' }),
  field('Born__c', 'date'),
  field('Active__c', 'boolean'),
  field('CreatedDate', 'datetime', { readOnly: true }),
]);
export const MAP = object('contacts', [
  field('email', 'string', { unique: true, maxLength: 65_536 }),
  field('lastname', 'string', { maxLength: 65_536 }),
  field('jobtitle', 'string', { maxLength: 65_536 }),
  field('phone', 'string', { maxLength: 65_536 }),
  field('hs_lead_status', 'enum', { options: ['NEW', 'OPEN', 'IN_PROGRESS', 'UNQUALIFIED'] }),
  field('topics', 'set', { options: ['a', 'b', 'c'] }),
  field('score', 'number', { platformType: 'number(16,2)' }),
  field('born', 'date'),
  field('active', 'boolean'),
  field('crm_created', 'datetime'),
  field('lifecyclestage', 'enum', { options: ['lead', 'customer'], forwardOnly: true }),
  field('hs_object_id', 'string', { readOnly: true }),
]);

export const MAPPING = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: HubSpotId__c, map: key }, { crm: Email, map: email, as: email }]
on_delete: { crm: inactive in map }
inactive: { map: { hs_lead_status: UNQUALIFIED } }
syncs: [crm-to-map]
fields:
  - { crm: LastName, map: lastname, authority: crm }
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: Phone, map: phone, authority: crm, as: phone/US, blank: keep }
  - { crm: Status__c, map: hs_lead_status, authority: crm, values: { New: NEW, Working: [OPEN, IN_PROGRESS], Gone: UNQUALIFIED } }
  - { crm: Topics__c, map: topics, authority: crm }
  - { crm: Score__c, map: score, authority: crm, as: number/2 }
  - { crm: Born__c, map: born, authority: crm }
  - { crm: Active__c, map: active, authority: crm }
  - { crm: CreatedDate, map: crm_created, authority: crm }
`;

export interface World {
  crm: ReadSchema;
  map: ReadSchema;
  /** Texts of mappings, each by its file. */
  mappings: Record<string, string>;
  platforms: string[];
  syncs: LintInput['syncs'][number][];
  held: Record<string, Held>;
}

export const cleanWorld = (): World => ({
  crm: { schema: CRM },
  map: { schema: MAP },
  mappings: { 'contacts.yml': MAPPING },
  platforms: ['salesforce', 'hubspot'],
  syncs: [{ name: 'crm-to-map', writes_to: ['hubspot'] }],
  held: {},
});

export function lint(world: World): readonly LintFinding[] {
  return lintMappings({
    mappings: Object.entries(world.mappings).map(([file, text]) => parseMapping(text, file)),
    platforms: world.platforms,
    schemaOf: (platform, name) => {
      const read = platform === 'salesforce' ? world.crm : world.map;
      return 'schema' in read && read.schema.object !== name ? { missing: [read.schema.object] } : read;
    },
    syncs: world.syncs,
    heldOf: (_, name, of) => world.held[`${name}.${of}`],
  });
}

/** An object type with a field that is other than it was. */
export function withField(schema: ObjectSchema, name: string, more: Partial<FieldSchema>): ReadSchema {
  return { schema: { ...schema, fields: schema.fields.map((one) => (one.name === name ? { ...one, ...more } : one)) } };
}

export function without(schema: ObjectSchema, name: string): ReadSchema {
  return { schema: { ...schema, fields: schema.fields.filter((one) => one.name !== name) } };
}
