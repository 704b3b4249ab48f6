import { companyProperties } from '../properties/companies.js';
import { contactProperties } from '../properties/contacts.js';
import { dealProperties, ticketProperties } from '../properties/deals.js';
import type { PropertyDefinition } from '../properties/definition.js';
import type { ObjectType } from './object-type.js';

const byName = (properties: readonly PropertyDefinition[]): Map<string, PropertyDefinition> => new Map(properties.map((each) => [each.name, each]));

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
      createdProperty: 'createdate',
      modifiedProperty: 'hs_lastmodifieddate',
    },
  ];
}
