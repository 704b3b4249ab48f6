import {
  bool,
  calculated,
  checkboxes,
  date,
  datetime,
  longText,
  number,
  owner,
  readOnly,
  select,
  stages,
  systemProperties,
  text,
  type PropertyDefinition,
} from './definition.js';

/** One step of a pipeline. */
export interface PipelineStage {
  readonly id: string;
  readonly label: string;
  /** `0.0` to `1.0`; deals only. */
  readonly probability: string;
  readonly closed: boolean;
}

/** A sales or support process; the stages belong to it alone. */
export interface Pipeline {
  readonly id: string;
  readonly label: string;
  readonly stages: readonly PipelineStage[];
}

const stage = (id: string, label: string, probability: string, closed = false): PipelineStage => ({ id, label, probability, closed });

/** The pipelines of deals: HubSpot's own and one that a portal added. */
export const DEAL_PIPELINES: readonly Pipeline[] = [
  {
    id: 'default',
    label: 'Sales Pipeline',
    stages: [
      stage('appointmentscheduled', 'Appointment Scheduled', '0.2'),
      stage('qualifiedtobuy', 'Qualified To Buy', '0.4'),
      stage('presentationscheduled', 'Presentation Scheduled', '0.6'),
      stage('decisionmakerboughtin', 'Decision Maker Bought-In', '0.8'),
      stage('contractsent', 'Contract Sent', '0.9'),
      stage('closedwon', 'Closed Won', '1.0', true),
      stage('closedlost', 'Closed Lost', '0.0', true),
    ],
  },
  {
    id: '48211907',
    label: 'Renewals',
    stages: [
      stage('98120331', 'Due', '0.5'),
      stage('98120332', 'Negotiating', '0.7'),
      stage('98120333', 'Renewed', '1.0', true),
      stage('98120334', 'Churned', '0.0', true),
    ],
  },
];

const stageChoices = (pipelines: readonly Pipeline[]): string[] =>
  pipelines.flatMap((pipeline) => pipeline.stages.map((each) => `${each.id}=${each.label}`));
const pipelineChoices = (pipelines: readonly Pipeline[]): string[] => pipelines.map((each) => `${each.id}=${each.label}`);

/** Default deal properties of a portal, shortened to those that integrations touch. */
export function dealProperties(): readonly PropertyDefinition[] {
  return [
    text('dealname', 'Deal Name'),
    number('amount', 'Amount'),
    stages('pipeline', 'Pipeline', pipelineChoices(DEAL_PIPELINES)),
    stages('dealstage', 'Deal Stage', stageChoices(DEAL_PIPELINES), 'radio'),
    datetime('closedate', 'Close Date'),
    select('dealtype', 'Deal Type', ['newbusiness=New Business', 'existingbusiness=Existing Business']),
    longText('description', 'Deal Description'),
    select('hs_priority', 'Priority', ['low=Low', 'medium=Medium', 'high=High']),
    longText('closed_lost_reason', 'Closed Lost Reason'),
    longText('closed_won_reason', 'Closed Won Reason'),
    select('deal_currency_code', 'Currency', ['USD=US Dollar', 'EUR=Euro', 'GBP=Pound', 'JPY=Yen']),
    text('hs_next_step', 'Next step'),
    checkboxes('products', 'Products', ['core=Core', 'plus=Plus', 'analytics=Analytics', 'on_site=On-site'], { hubspotDefined: false }),
    date('renewal_on', 'Renewal on', { hubspotDefined: false }),
    text('order_number', 'Order number', { hubspotDefined: false, hasUniqueValue: true }),
    owner('hubspot_owner_id', 'Deal owner'),
    ...systemProperties(),
    readOnly(datetime('createdate', 'Create Date')),
    readOnly(datetime('hs_createdate', 'HubSpot Create Date')),
    readOnly(datetime('hs_lastmodifieddate', 'Last Modified Date')),
    calculated(number('num_associated_contacts', 'Number of Associated Contacts')),
    calculated(bool('hs_is_closed', 'Is Deal Closed?')),
    calculated(bool('hs_is_closed_won', 'Is Closed Won')),
    calculated(bool('hs_is_closed_lost', 'Is Closed Lost')),
    calculated(number('hs_closed_amount', 'Closed Deal Amount')),
    calculated(number('hs_deal_stage_probability', 'Deal probability')),
    calculated(number('hs_deal_stage_probability_shadow', 'Deal stage probability shadow')),
    calculated(number('hs_projected_amount', 'Weighted amount')),
    calculated(number('days_to_close', 'Days to close')),
    readOnly(number('hs_acv', 'Annual contract value')),
    readOnly(number('hs_tcv', 'Total contract value')),
    readOnly(number('hs_forecast_amount', 'Forecast Amount')),
  ];
}

/** The pipeline of tickets. */
export const TICKET_PIPELINES: readonly Pipeline[] = [
  {
    id: '0',
    label: 'Support Pipeline',
    stages: [stage('1', 'New', ''), stage('2', 'Waiting on contact', ''), stage('3', 'Waiting on us', ''), stage('4', 'Closed', '', true)],
  },
];

/** Default ticket properties of a portal, shortened to those that integrations touch. */
export function ticketProperties(): readonly PropertyDefinition[] {
  return [
    text('subject', 'Ticket name'),
    longText('content', 'Ticket description'),
    stages('hs_pipeline', 'Pipeline', pipelineChoices(TICKET_PIPELINES)),
    stages('hs_pipeline_stage', 'Ticket status', stageChoices(TICKET_PIPELINES)),
    select('hs_ticket_priority', 'Priority', ['LOW=Low', 'MEDIUM=Medium', 'HIGH=High', 'URGENT=Urgent']),
    select('hs_ticket_category', 'Category', [
      'PRODUCT_ISSUE=Product Issue',
      'BILLING_ISSUE=Billing Issue',
      'FEATURE_REQUEST=Feature Request',
      'GENERAL_INQUIRY=General Inquiry',
    ]),
    select('source_type', 'Source', ['CHAT=Chat', 'EMAIL=Email', 'FORM=Form', 'PHONE=Phone']),
    longText('hs_resolution', 'Resolution'),
    datetime('first_response_due', 'First response due', { hubspotDefined: false }),
    text('external_ticket', 'External ticket', { hubspotDefined: false, hasUniqueValue: true }),
    owner('hubspot_owner_id', 'Ticket owner'),
    ...systemProperties(),
    readOnly(datetime('createdate', 'Create date')),
    readOnly(datetime('hs_lastmodifieddate', 'Last modified date')),
    calculated(bool('hs_is_closed', 'Is closed')),
    readOnly(datetime('closed_date', 'Close date')),
    readOnly(number('time_to_close', 'Time to close')),
    readOnly(number('hs_num_times_contacted', 'Number of times contacted')),
  ];
}
