import { area, DEFAULTED, field, type Field, flag, int, number, picklist, READ_ONLY, reference, REQUIRED, text } from '../field.js';
import { objectType, type ObjectType } from '../object-type.js';

const owner: Field = reference('OwnerId', ['User'], { ...DEFAULTED, onParentDelete: 'keep' });

/** A stage of opportunities and what the platform works out from it. */
export interface Stage {
  readonly name: string;
  readonly probability: number;
  readonly isClosed: boolean;
  readonly isWon: boolean;
  readonly forecast: string;
}

const stage = (name: string, probability: number, forecast: string, isClosed = false): Stage => ({
  name,
  probability,
  isClosed,
  isWon: isClosed && probability === 100,
  forecast,
});

/** The stages of a fresh account. */
export const STAGES: readonly Stage[] = [
  stage('Prospecting', 10, 'Pipeline'),
  stage('Qualification', 10, 'Pipeline'),
  stage('Needs Analysis', 20, 'Pipeline'),
  stage('Value Proposition', 50, 'Pipeline'),
  stage('Id. Decision Makers', 60, 'Pipeline'),
  stage('Perception Analysis', 70, 'Pipeline'),
  stage('Proposal/Price Quote', 75, 'Pipeline'),
  stage('Negotiation/Review', 90, 'Pipeline'),
  stage('Closed Won', 100, 'Closed', true),
  stage('Closed Lost', 0, 'Omitted', true),
];

export const OPPORTUNITY: ObjectType = objectType(
  'Opportunity',
  '006',
  [
    reference('AccountId', ['Account'], { childRelationshipName: 'Opportunities', onParentDelete: 'cascade' }),
    flag('IsPrivate'),
    text('Name', 120, { ...REQUIRED, nameField: true }),
    area('Description', 32_000),
    picklist(
      'StageName',
      STAGES.map(({ name }) => name),
      { ...REQUIRED, label: 'Stage' },
    ),
    number('Amount', 'currency', 18, 2),
    number('Probability', 'percent', 3, 0, { defaultedOnCreate: true }),
    number('ExpectedRevenue', 'currency', 18, 2, READ_ONLY),
    number('TotalOpportunityQuantity', 'double', 18, 2),
    field('CloseDate', 'date', REQUIRED),
    picklist('Type', ['Existing Customer - Upgrade', 'Existing Customer - Replacement', 'New Customer'], { label: 'Opportunity Type' }),
    text('NextStep', 255),
    picklist('LeadSource', ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
    flag('IsClosed', READ_ONLY),
    flag('IsWon', READ_ONLY),
    picklist('ForecastCategory', ['Omitted', 'Pipeline', 'BestCase', 'Forecast', 'Closed'], {
      ...READ_ONLY,
      ...DEFAULTED,
      restrictedPicklist: true,
      length: 40,
    }),
    picklist('ForecastCategoryName', ['Omitted', 'Pipeline', 'Best Case', 'Commit', 'Closed'], { defaultedOnCreate: true }),
    reference('CampaignId', ['Campaign'], { childRelationshipName: 'Opportunities' }),
    reference('ContactId', ['Contact'], { updateable: false, relationshipName: null }),
    owner,
    field('LastActivityDate', 'date', READ_ONLY),
    int('FiscalQuarter', 9, READ_ONLY),
    int('FiscalYear', 9, READ_ONLY),
  ],
  { historyObject: 'OpportunityFieldHistory' },
);

/** Whom a deal is about. It goes with its deal, and cannot be brought back by itself. */
export const OPPORTUNITY_CONTACT_ROLE: ObjectType = objectType(
  'OpportunityContactRole',
  '00K',
  [
    reference('OpportunityId', ['Opportunity'], {
      ...REQUIRED,
      updateable: false,
      childRelationshipName: 'OpportunityContactRoles',
      onParentDelete: 'cascade',
      cascadeDelete: true,
    }),
    reference('ContactId', ['Contact'], {
      ...REQUIRED,
      childRelationshipName: 'OpportunityContactRoles',
      onParentDelete: 'cascade',
      cascadeDelete: true,
    }),
    picklist('Role', [
      'Business User',
      'Decision Maker',
      'Economic Buyer',
      'Evaluator',
      'Executive Sponsor',
      'Influencer',
      'Technical Buyer',
      'Other',
    ]),
    flag('IsPrimary'),
  ],
  { undeletable: false },
);

export const TASK: ObjectType = objectType('Task', '00T', [
  reference('WhoId', ['Contact', 'Lead'], { childRelationshipName: 'Tasks', onParentDelete: 'cascade', cascadeDelete: true }),
  reference('WhatId', ['Account', 'Opportunity', 'Campaign'], { childRelationshipName: 'Tasks', onParentDelete: 'cascade', cascadeDelete: true }),
  field('Subject', 'combobox', {
    length: 255,
    nameField: true,
    picklistValues: [{ value: 'Call', label: 'Call', active: true, defaultValue: false }],
  }),
  field('ActivityDate', 'date'),
  picklist('Status', ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'], { ...DEFAULTED, fallback: 'Not Started' }),
  picklist('Priority', ['High', 'Normal', 'Low'], { ...DEFAULTED, fallback: 'Normal' }),
  flag('IsHighPriority', READ_ONLY),
  owner,
  area('Description', 32_000),
  flag('IsClosed', READ_ONLY),
  flag('IsArchived', READ_ONLY),
  reference('AccountId', ['Account'], { ...READ_ONLY, onParentDelete: 'keep' }),
  int('CallDurationInSeconds', 8),
  picklist('CallType', ['Internal', 'Inbound', 'Outbound'], { length: 40, restrictedPicklist: true }),
  field('ReminderDateTime', 'datetime'),
  flag('IsReminderSet'),
]);
