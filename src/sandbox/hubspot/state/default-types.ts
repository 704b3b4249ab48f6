import { companyProperties } from '../properties/companies.js';
import { LIFECYCLE_STAGES, contactProperties } from '../properties/contacts.js';
import { dealProperties, ticketProperties } from '../properties/deals.js';
import type { PropertyDefinition } from '../properties/definition.js';
import type { ObjectType } from './object-type.js';

const byName = (properties: readonly PropertyDefinition[]): Map<string, PropertyDefinition> => new Map(properties.map((each) => [each.name, each]));

const SOURCE = ['hs_object_source', 'hs_object_source_id', 'hs_object_source_label'];
const ON_CONTACTS = [
  'createdate',
  'hs_all_contact_vids',
  'hs_email_domain',
  'hs_is_contact',
  'hs_is_unworked',
  'hs_marketable_status',
  'hs_marketable_until_renewal',
  'hs_membership_has_accessed_private_content',
  'hs_object_id',
  'hs_pipeline',
  'hs_registered_member',
  'lastmodifieddate',
  'lifecyclestage',
  ...LIFECYCLE_STAGES.map((stage) => `hs_lifecyclestage_${stage}_date`),
  ...SOURCE,
];
const ON_DEALS = [
  'createdate',
  'days_to_close',
  'hs_closed_amount',
  'hs_createdate',
  'hs_deal_stage_probability_shadow',
  'hs_is_closed',
  'hs_is_closed_lost',
  'hs_is_closed_won',
  'hs_lastmodifieddate',
  'hs_object_id',
  'hs_projected_amount',
  'pipeline',
  ...SOURCE,
];

/** The four standard object types, each time anew. */
export function defaultObjectTypes(): readonly ObjectType[] {
  return [
    {
      name: 'contacts',
      typeId: '0-1',
      singular: 'CONTACT',
      aliases: [],
      properties: byName(contactProperties()),
      defaults: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
      answeredOnWrite: ON_CONTACTS,
      createdProperty: 'createdate',
      modifiedProperty: 'lastmodifieddate',
    },
    {
      name: 'companies',
      typeId: '0-2',
      singular: 'COMPANY',
      aliases: [],
      properties: byName(companyProperties()),
      defaults: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
      answeredOnWrite: ['createdate', 'hs_lastmodifieddate', 'hs_object_id', 'hs_pipeline', 'lifecyclestage', 'website', ...SOURCE],
      createdProperty: 'createdate',
      modifiedProperty: 'hs_lastmodifieddate',
    },
    {
      name: 'deals',
      typeId: '0-3',
      singular: 'DEAL',
      aliases: [],
      properties: byName(dealProperties()),
      defaults: ['amount', 'closedate', 'createdate', 'dealname', 'dealstage', 'hs_lastmodifieddate', 'hs_object_id', 'pipeline'],
      answeredOnWrite: ON_DEALS,
      createdProperty: 'createdate',
      modifiedProperty: 'hs_lastmodifieddate',
    },
    {
      name: 'tickets',
      typeId: '0-5',
      singular: 'TICKET',
      aliases: [],
      properties: byName(ticketProperties()),
      defaults: [
        'content',
        'createdate',
        'hs_lastmodifieddate',
        'hs_object_id',
        'hs_pipeline',
        'hs_pipeline_stage',
        'hs_ticket_category',
        'hs_ticket_priority',
        'subject',
      ],
      answeredOnWrite: ['createdate', 'hs_lastmodifieddate', 'hs_object_id', 'hs_pipeline', ...SOURCE],
      createdProperty: 'createdate',
      modifiedProperty: 'hs_lastmodifieddate',
    },
  ];
}
