import { area, DEFAULTED, field, flag, int, number, picklist, READ_ONLY, reference, REQUIRED, text } from '../field.js';
import { objectType, type ObjectType } from '../object-type.js';

const counted = { ...READ_ONLY, ...DEFAULTED } as const;

export const CAMPAIGN: ObjectType = objectType('Campaign', '701', [
  text('Name', 80, { ...REQUIRED, nameField: true }),
  reference('ParentId', ['Campaign'], { childRelationshipName: 'ChildCampaigns' }),
  picklist('Type', ['Conference', 'Webinar', 'Trade Show', 'Partners', 'Advertisement', 'Direct Mail', 'Email', 'Other']),
  picklist('Status', ['Planned', 'In Progress', 'Completed', 'Aborted'], { defaultedOnCreate: true, fallback: 'Planned' }),
  field('StartDate', 'date'),
  field('EndDate', 'date'),
  number('ExpectedRevenue', 'currency', 18, 0),
  number('BudgetedCost', 'currency', 18, 0),
  number('ActualCost', 'currency', 18, 0),
  number('ExpectedResponse', 'percent', 10, 2),
  number('NumberSent', 'double', 18, 0),
  flag('IsActive'),
  area('Description', 32_000),
  int('NumberOfLeads', 8, counted),
  int('NumberOfContacts', 8, counted),
  int('NumberOfResponses', 8, counted),
  int('NumberOfOpportunities', 8, counted),
  reference('OwnerId', ['User'], { ...DEFAULTED, onParentDelete: 'keep' }),
  field('LastActivityDate', 'date', READ_ONLY),
]);

/** Who is on a campaign: one lead or one contact. The object has no `undelete()`. */
export const CAMPAIGN_MEMBER: ObjectType = objectType(
  'CampaignMember',
  '00v',
  [
    reference('CampaignId', ['Campaign'], {
      ...REQUIRED,
      updateable: false,
      childRelationshipName: 'CampaignMembers',
      onParentDelete: 'cascade',
      cascadeDelete: true,
    }),
    ...['Lead', 'Contact'].map((to) =>
      reference(`${to}Id`, [to], { updateable: false, childRelationshipName: 'CampaignMembers', onParentDelete: 'cascade', cascadeDelete: true }),
    ),
    picklist('Status', ['Sent', 'Responded'], { ...DEFAULTED, nillable: true, fallback: 'Sent' }),
    flag('HasResponded', READ_ONLY),
    field('FirstRespondedDate', 'date', READ_ONLY),
    text('Type', 40, READ_ONLY),
  ],
  { undeletable: false },
);
