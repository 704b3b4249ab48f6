import { TICKET_PIPELINES } from '../properties/deals.js';
import type { LinkTable } from './link-table.js';
import type { ObjectType } from './object-type.js';
import { dealStage, outcomeOf } from './pipeline-rules.js';
import type { StoredRecord } from './record.js';

interface Context {
  readonly type: ObjectType;
  readonly record: StoredRecord;
  readonly links: LinkTable;
}

const linked =
  (toObject: string) =>
  ({ type, record, links }: Context): string =>
    String(links.neighbours(type.name, record.id, toObject)?.size ?? 0);

const ticketStages = new Map(TICKET_PIPELINES.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)));
/** A probability as the API gives it: every digit of the binary fraction it is kept as. */
const probability = ({ record }: Context): string | undefined => {
  const known = dealStage(record.values.dealstage)?.probability;
  return (
    known &&
    Number(known)
      .toFixed(60)
      .replace(/\.?0+$/, '')
  );
};
const LIFECYCLE_PIPELINES: Readonly<Record<string, string>> = {
  contacts: 'contacts-lifecycle-pipeline',
  companies: 'companies-lifecycle-pipeline',
};
/** When a record was made or written, by property name, in milliseconds. */
const MOMENTS = new Map<string, (record: StoredRecord) => number>([
  ...['createdate', 'hs_createdate'].map((name) => [name, ({ createdAt }: StoredRecord) => createdAt] as const),
  ...['lastmodifieddate', 'hs_lastmodifieddate'].map((name) => [name, ({ updatedAt }: StoredRecord) => updatedAt] as const),
]);
const iso = (time: number): string => new Date(time).toISOString();

type Computation = (context: Context) => string | undefined;

/** What the server works out whenever it is asked for, by property name. */
const COMPUTED = new Map<string, Computation>(
  Object.entries({
    hs_object_id: ({ record }) => record.id,
    ...Object.fromEntries(Array.from(MOMENTS, ([name, of]) => [name, ({ record }: Context) => iso(of(record))])),
    hs_object_source: ({ record }) => record.createdBy.type,
    hs_object_source_id: ({ record }) => record.createdBy.id,
    hs_object_source_label: ({ record }) => record.createdBy.type,
    hs_object_source_detail_1: ({ record }) => record.createdBy.label,
    hs_object_source_user_id: ({ record }) => record.createdBy.userId?.toString(),
    hs_created_by_user_id: ({ record }) => record.createdBy.userId?.toString(),
    hs_updated_by_user_id: ({ record }) => record.updatedBy.userId?.toString(),
    hs_merged_object_ids: ({ record }) => (record.mergedIds.length > 0 ? record.mergedIds.join(';') : undefined),
    hs_all_owner_ids: ({ record }) => record.values.hubspot_owner_id,
    hs_is_contact: () => 'true',
    hs_is_unworked: ({ type, record }) => (type.name === 'contacts' ? String(record.values.notes_last_contacted === undefined) : undefined),
    hs_all_contact_vids: ({ record }) => [record.id, ...record.mergedIds].join(';'),
    hs_marketable_status: () => 'false',
    hs_marketable_until_renewal: () => 'false',
    hs_membership_has_accessed_private_content: () => '0',
    hs_registered_member: () => '0',
    hs_pipeline: ({ type, record }) => record.values.hs_pipeline ?? LIFECYCLE_PIPELINES[type.name],
    hs_email_domain: ({ record }) => record.values.email?.split('@')[1],
    hs_full_name_or_email: ({ record }) => [record.values.firstname, record.values.lastname].filter(Boolean).join(' ') || record.values.email,
    num_associated_contacts: linked('contacts'),
    num_associated_deals: linked('deals'),
    associatedcompanyid: ({ type, record, links }) => {
      for (const [to, types] of links.neighbours(type.name, record.id, 'companies') ?? []) for (const each of types) if (each.primary) return to;
      return undefined;
    },
    hs_is_closed: (context) =>
      String(
        context.type.name === 'tickets'
          ? (ticketStages.get(context.record.values.hs_pipeline_stage ?? '')?.closed ?? false)
          : ['won', 'lost'].includes(outcomeOf(context.record.values) ?? ''),
      ),
    hs_is_closed_won: ({ record }) => String(outcomeOf(record.values) === 'won'),
    hs_is_closed_lost: ({ record }) => String(outcomeOf(record.values) === 'lost'),
    hs_closed_amount: ({ record }) => (outcomeOf(record.values) === 'won' ? (record.values.amount ?? '0') : '0'),
    hs_deal_stage_probability: probability,
    hs_deal_stage_probability_shadow: probability,
    hs_projected_amount: ({ record }) => {
      const known = dealStage(record.values.dealstage)?.probability;
      const amount = record.values.amount;
      return known === undefined || amount === undefined ? undefined : String(Number(amount) * Number(known));
    },
    days_to_close: ({ record }) => {
      const close = record.values.closedate;
      return close === undefined ? undefined : String(Math.max(0, Math.floor((Date.parse(close) - record.createdAt) / 86_400_000)));
    },
  } satisfies Record<string, Computation>),
);

/** The time that a property holds, in milliseconds, where the server keeps it for each record; undefined for every other property. */
export function momentOf(name: string): ((record: StoredRecord) => number) | undefined {
  return MOMENTS.get(name);
}

/** Reads one property of any record as an answer gives it: worked out by the server, stored, or null. */
export function propertyReader(type: ObjectType, name: string, links: LinkTable): (record: StoredRecord) => string | null {
  const computation = COMPUTED.get(name);
  return computation ? (record) => computation({ type, record, links }) ?? null : (record) => record.values[name] ?? null;
}

/** The value of one property of one record, as {@link propertyReader} gives it. */
export function valueOf(type: ObjectType, record: StoredRecord, name: string, links: LinkTable): string | null {
  return propertyReader(type, name, links)(record);
}
