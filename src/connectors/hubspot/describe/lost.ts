import { ownValue } from '../../../lib/index.js';
import type { FieldSchema, ObjectSchema } from '../../../records/index.js';

/**
 * What HubSpot keeps beside the properties of a record. An API creates the record anew under a new id: none of this can
 * be written to it. Only a person in the web interface brings an archived record back with it, for 90 days.
 */
const ALWAYS: readonly string[] = [
  'calls, e-mails, notes, meetings and tasks logged on it (for 90 days a person can restore the old record with them in HubSpot itself)',
  'the history of its properties',
  'its id, which other systems and bookmarks may use',
];
const LISTS = 'memberships of static lists, enrolments in sequences and workflows';

/** By object type, beside {@link ALWAYS}. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  contacts: [LISTS, 'marketing contact status, form submissions, page views'],
  companies: [LISTS],
  deals: ['line items and quotes'],
  tickets: ['the conversation it came from'],
};

/** Read-only properties that hold something of this, by name. What hurts most to lose comes first. */
const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^hs_additional_emails$/, 'secondary e-mail addresses'],
  [/^hs_additional_domains$/, 'secondary domains'],
  [/^hs_(merged_object_ids|calculated_merged_vids)$/, 'records that were merged into it'],
  [/^hubspot_owner_assigneddate$/, 'date on which its owner was assigned'],
  [/^hs_marketable_(status|until_renewal|reason_type|reason_id)$/, 'marketing contact status'],
  [
    /^(num_notes|num_contacted_notes|hs_sales_email_last_\w+|notes_last_contacted|notes_last_updated|notes_next_activity_date)$/,
    'activities logged on it',
  ],
  [/^hs_last_(sales_activity|logged_call|logged_outgoing_email|booked_meeting)\w*$/, 'activities logged on it'],
  [/^(num_conversion_events|num_unique_conversion_events|(first|recent)_conversion_(date|event_name))$/, 'form submissions'],
  [/^hs_analytics_(num_page_views|num_visits|num_event_completions|first_timestamp|last_timestamp|first_url|last_url)$/, 'page views and visits'],
  [/^hs_email_(open|click|delivered|bounce|replied|sends_since_last_engagement|first_send_date|last_send_date|last_open_date)$/, 'e-mail statistics'],
  [/^hs_(v2_)?(date_entered|date_exited|cumulative_time_in|latest_time_in|time_in)_\w+$/, 'dates of its stages'],
  [/^hs_lifecyclestage_\w+_date$/, 'dates of its stages'],
  [/^(createdate|hs_createdate)$/, 'date of creation'],
];

/** What a record of an object type loses when it is created again. `fields`: those of the object type as described. */
export function lostOnCreate(object: string, fields: readonly FieldSchema[]): NonNullable<ObjectSchema['lostOnCreate']> {
  const named = FIELDS.flatMap(([pattern, what]) =>
    fields.flatMap(({ name, readOnly }) => (readOnly && pattern.test(name) ? [{ field: name, what }] : [])),
  );
  return { always: [...ALWAYS, ...(ownValue(ALSO, object) ?? [])], fields: named };
}
