import { DEAL_PIPELINES, TICKET_PIPELINES } from '../properties/deals.js';
import type { LinkTable } from './link-table.js';
import type { ObjectType } from './object-type.js';
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

const dealStages = new Map(DEAL_PIPELINES.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)));
const ticketStages = new Map(TICKET_PIPELINES.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)));
const dealStage = ({ record }: Context) => dealStages.get(record.values.dealstage ?? '');
const iso = (time: number): string => new Date(time).toISOString();

type Computation = (context: Context) => string | undefined;

/** What the server works out whenever it is asked for, by property name. */
const COMPUTED = new Map<string, Computation>(
  Object.entries({
    hs_object_id: ({ record }) => record.id,
    createdate: ({ record }) => iso(record.createdAt),
    hs_createdate: ({ record }) => iso(record.createdAt),
    lastmodifieddate: ({ record }) => iso(record.updatedAt),
    hs_lastmodifieddate: ({ record }) => iso(record.updatedAt),
    hs_object_source: ({ record }) => record.createdBy.type,
    hs_object_source_id: ({ record }) => record.createdBy.id,
    hs_object_source_label: ({ record }) => record.createdBy.label ?? record.createdBy.type,
    hs_object_source_user_id: ({ record }) => record.createdBy.userId?.toString(),
    hs_created_by_user_id: ({ record }) => record.createdBy.userId?.toString(),
    hs_updated_by_user_id: ({ record }) => record.updatedBy.userId?.toString(),
    hs_merged_object_ids: ({ record }) => (record.mergedIds.length > 0 ? record.mergedIds.join(';') : undefined),
    hs_all_owner_ids: ({ record }) => record.values.hubspot_owner_id,
    hs_is_contact: () => 'true',
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
          : (dealStage(context)?.closed ?? false),
      ),
    hs_is_closed_won: (context) => String(dealStage(context)?.probability === '1.0'),
    hs_deal_stage_probability: (context) => dealStage(context)?.probability,
    hs_projected_amount: (context) => {
      const probability = dealStage(context)?.probability;
      const amount = context.record.values.amount;
      return probability === undefined || amount === undefined ? undefined : String(Number(amount) * Number(probability));
    },
    days_to_close: ({ record }) => {
      const close = record.values.closedate;
      return close === undefined ? undefined : String(Math.max(0, Math.floor((Date.parse(close) - record.createdAt) / 86_400_000)));
    },
  } satisfies Record<string, Computation>),
);

/** Reads one property of any record as an answer gives it: worked out by the server, stored, or null. */
export function propertyReader(type: ObjectType, name: string, links: LinkTable): (record: StoredRecord) => string | null {
  const computation = COMPUTED.get(name);
  return computation ? (record) => computation({ type, record, links }) ?? null : (record) => record.values[name] ?? null;
}

/** The value of one property of one record, as {@link propertyReader} gives it. */
export function valueOf(type: ObjectType, record: StoredRecord, name: string, links: LinkTable): string | null {
  return propertyReader(type, name, links)(record);
}
