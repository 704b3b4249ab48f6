import { z } from 'zod';

import { badRequest } from '../failure.js';
import { ACTIVITY_TYPES, type Activity, type ActivityType, type MailEvent } from '../state/activities.js';
import { batchAnswer, type BatchError } from './batch-answer.js';
import { idInput, numberInQuery, readBody, readInputs } from './inputs.js';
import type { ApiAnswer, ApiContext, ApiRequest, Route } from './route.js';

const PAGE = 200;
const CAP = 10_000;
const EVENTS = 1000;
const TYPES = ACTIVITY_TYPES.join('|');

const searchInput = z.object({
  filterGroups: z.array(
    z.object({
      filters: z.array(
        z.object({ propertyName: z.literal('hs_createdate'), operator: z.literal('BETWEEN'), value: z.string(), highValue: z.string() }),
      ),
    }),
  ),
  sorts: z.array(z.unknown()).default([]),
  properties: z.array(z.string()).default([]),
  limit: z.number().int().min(1).max(PAGE).default(10),
  after: z.string().optional(),
});
const readInput = z.object({ id: idInput, after: z.string().nullish() });

/**
 * What happened outside the records: tasks, mails to one person, calls, meetings and notes as CRM objects that are searched,
 * and the events of marketing mails. Nothing tells when a record entered a workflow: HubSpot's API has no such list.
 */
export function activityRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const contacts = (): readonly (readonly string[])[] => [['crm.objects.contacts.read']];
  const scopesOf = (object: string): readonly (readonly string[])[] => [
    ['contacts', 'companies', 'deals', 'tickets'].includes(object) ? [`crm.objects.${object}.read`] : ['crm.objects.custom.read'],
  ];
  return [
    {
      method: 'POST',
      pattern: new RegExp(`^/crm(?:/v3/objects|/objects/(?:v3|\\d{4}-\\d{2}))/(${TYPES})/search/?$`),
      scopes: contacts,
      search: true,
      handle: (request) => search(portal.activities.all, request),
    },
    {
      method: 'POST',
      pattern: new RegExp(`^/crm/v4/associations/(${TYPES})/([^/]+)/batch/read/?$`),
      scopes: (params) => scopesOf(params[1] ?? ''),
      handle: (request) => tiesOf(context, request),
    },
    {
      method: 'GET',
      pattern: /^\/email\/public\/v1\/events\/?$/,
      scopes: () => [['content']],
      handle: ({ query }) => events(context, query),
    },
  ];
}

function search(all: readonly Activity[], request: ApiRequest): ApiAnswer {
  const type = request.params[0] as ActivityType;
  const input = readBody(searchInput, request.body);
  const [filter] = input.filterGroups[0]?.filters ?? [];
  const start = Number(input.after ?? 0);
  if (start + input.limit > CAP) throw badRequest(`The requested offset and limit reach beyond the ${CAP} results that a search gives.`);
  const found = all
    .filter((one) => one.type === type && one.at >= Number(filter?.value ?? 0) && one.at <= Number(filter?.highValue ?? Infinity))
    .sort((a, b) => a.at - b.at);
  const maySeeMails = request.caller.scopes.has('sales-email-read');
  const results = found.slice(start, start + input.limit).map((one) => present(one, maySeeMails));
  const next = start + input.limit;
  return { status: 200, body: { total: found.length, results, ...(next < found.length && { paging: { next: { after: String(next) } } }) } };
}

/** What a mail says is left out for an app that may not read mails. */
function present({ type, id, at, subject, source, incoming }: Activity, maySeeMails: boolean): unknown {
  const created = new Date(at).toISOString();
  const told: Readonly<Record<ActivityType, string>> = {
    tasks: 'hs_task_subject',
    emails: 'hs_email_subject',
    calls: 'hs_call_title',
    meetings: 'hs_meeting_title',
    notes: 'hs_note_body',
  };
  const properties = {
    hs_object_id: id,
    hs_createdate: created,
    hs_object_source: source.type,
    hs_object_source_id: source.id,
    [told[type]]: type === 'emails' && !maySeeMails ? null : subject,
    ...(type === 'emails' && { hs_email_direction: incoming === true ? 'INCOMING_EMAIL' : 'EMAIL' }),
  };
  return { id, properties, createdAt: created, updatedAt: created, archived: false };
}

function tiesOf({ portal }: ApiContext, request: ApiRequest): ApiAnswer {
  const [type = '', object = ''] = request.params;
  const results: unknown[] = [];
  const errors: BatchError[] = [];
  for (const { id } of readInputs(readInput, request.body, 1000)) {
    const one = portal.activities.all.find((each) => each.type === type && each.id === id);
    const about = object === 'contacts' ? one?.contacts : one?.others?.[object];
    if (about !== undefined && about.length > 0)
      results.push({
        from: { id },
        to: about.map((record) => ({
          toObjectId: Number(record),
          associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 204, label: null }],
        })),
      });
    else
      errors.push({
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
        message: `No ${object} is associated with ${type} ${id}.`,
        context: { fromObjectId: [id], fromObjectType: [type], toObjectType: [object] },
      });
  }
  return batchAnswer(results, errors, 200, portal.now());
}

function events(context: ApiContext, query: URLSearchParams): ApiAnswer {
  const { portal } = context;
  const limit = numberInQuery(query, 'limit', 100, EVENTS);
  const [from, to] = [Number(query.get('startTimestamp') ?? 0), Number(query.get('endTimestamp') ?? portal.now())];
  const wanted = query.get('eventType');
  const start = Number(query.get('offset') ?? 0);
  if (!Number.isInteger(start) || start < 0) throw badRequest(`Invalid offset: ${query.get('offset') ?? ''}`);
  // Newest first, as HubSpot gives them.
  const found = [...portal.activities.mails, ...mailsOfWorkflows(context)]
    .filter(({ type, at }) => at >= from && at <= to && (wanted === null || type === wanted))
    .sort((a, b) => b.at - a.at);
  const page = found.slice(start, start + limit);
  const next = start + limit;
  return {
    status: 200,
    body: {
      hasMore: next < found.length,
      offset: String(next),
      events: page.map(({ id, type, recipient, at, subject, campaignId }) => ({
        id,
        type,
        recipient,
        created: at,
        portalId: portal.portalId,
        appId: 113,
        appName: 'Batch',
        emailCampaignId: campaignId,
        ...(type === 'SENT' && { subject }),
      })),
    },
  };
}

/** Marketing mails that workflows sent; what was held back was not. */
function mailsOfWorkflows({ portal }: ApiContext): readonly MailEvent[] {
  return portal.automations.effects().flatMap((effect, n): MailEvent[] => {
    if (effect.kind !== 'mail' || effect.sort !== 'marketing' || effect.withheld !== undefined || effect.to === null) return [];
    const { at, subject, to } = effect;
    return [{ id: `workflow-${n}`, type: 'SENT', recipient: to, at, subject, campaignId: 1000 + n }];
  });
}
