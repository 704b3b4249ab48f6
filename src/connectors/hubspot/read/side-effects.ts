import { type CallOptions, defined, isRunbackError } from '../../../lib/index.js';
import type { SideEffect, SideEffects, SideEffectsRequest } from '../../connector.js';
import { Cursors } from '../../http/cursors.js';
import type { HubSpotApi } from '../wire/api.js';
import { cursorOf, isObject, isRecordPage, textIn, type WirePage, type WireRecord } from '../wire/shapes.js';
import { wholePage } from '../wire/whole.js';
import { associations, LINK_READ_BATCH } from './associations.js';
import { sourceName } from './records.js';

const PAGE = 200;
/** Results that a search gives. */
const MOST = 10_000;
/** Events that a page of the marketing mails gives. */
const EVENTS = 1000;

/** What HubSpot keeps as objects of their own that are about records, with the property that says what each is. */
const ACTIVITIES = [
  { object: 'tasks', kind: 'task', subject: 'hs_task_subject' },
  { object: 'emails', kind: 'email', subject: 'hs_email_subject' },
  { object: 'calls', kind: 'call', subject: 'hs_call_title' },
  { object: 'meetings', kind: 'meeting', subject: 'hs_meeting_title' },
  { object: 'notes', kind: 'note', subject: undefined },
] as const;

/**
 * Tasks, mails to one person, calls, meetings and notes that were made in a stretch of time, and marketing mails that were
 * sent; see `Connector.sideEffects`. When a record entered a workflow is told by no part of HubSpot's public API: only in
 * which workflows a contact is at the moment, one request each, and not since when.
 *
 * Requests: one for 200 of a kind and one for each object type that they are about, one for 1000 mails.
 */
export async function* sideEffects(api: HubSpotApi, request: SideEffectsRequest, call: CallOptions): AsyncGenerator<SideEffects> {
  for (const activity of ACTIVITIES) yield* orUntold(activity.object, activity.kind, () => activitiesOf(api, activity, request, call));
  yield* orUntold('marketing mails', 'mail', () => mailsSent(api, request, call));
  yield {
    untold: 'workflows',
    kinds: [],
    why: "HubSpot's API does not tell when a record entered a workflow; its history of the workflow does, on its own pages",
  };
}

type Untold = Extract<SideEffects, { readonly untold: string }>;

/** What the credentials may not see, or the account does not have, is told as such. */
async function* orUntold<T>(what: string, kind: SideEffect['kind'], read: () => AsyncIterable<T>): AsyncGenerator<T | Untold> {
  try {
    yield* read();
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { code, message, why, next } = error;
    if (code === 'scope-missing') yield { untold: what, kinds: [kind], why: next === undefined ? message : `${message}. ${next}` };
    else if (code === 'platform-rejected') yield { untold: what, kinds: [kind], why: why ?? message };
    else throw error;
  }
}

async function* activitiesOf(
  api: HubSpotApi,
  { object, kind, subject }: (typeof ACTIVITIES)[number],
  { from, to, objects = ['contacts'] }: SideEffectsRequest,
  call: CallOptions,
): AsyncGenerator<SideEffects> {
  const cursors = new Cursors(api);
  const query = {
    filterGroups: [
      { filters: [{ propertyName: 'hs_createdate', operator: 'BETWEEN', value: String(from.getTime()), highValue: String(to.getTime()) }] },
    ],
    sorts: [{ propertyName: 'hs_createdate', direction: 'ASCENDING' }],
    properties: [
      'hs_createdate',
      'hs_object_source',
      'hs_object_source_id',
      ...(subject === undefined ? [] : [subject]),
      ...(kind === 'email' ? ['hs_email_direction'] : []),
    ],
    limit: PAGE,
  };
  const open = new Set(objects);
  let after: string | undefined;
  do {
    const page = await wholePage(
      api,
      `a part of the ${object}`,
      call,
      async () =>
        (await api.ask(api.objects(object, '/search'), { ...query, ...defined({ after }) }, isRecordPage, call, 'search')) as WirePage<WireRecord>,
    );
    const made = page.results.filter(({ properties }) => textIn(properties, 'hs_email_direction') !== 'INCOMING_EMAIL');
    const ids = made.map(({ id }) => id);
    const about = new Map<string, SideEffect['about'][number][]>();
    for (const one of open)
      for await (const some of orUntold(`${object} about ${one}`, kind, () => tiesOf(api, [object, one], ids, call)))
        if ('untold' in some) {
          open.delete(one);
          yield some;
        } else for (const [id, ...records] of some) about.set(id, [...(about.get(id) ?? []), ...records]);
    yield made.map((wire) => effectOf(wire, kind, subject, about.get(wire.id) ?? []));
    after = cursors.next(cursorOf(page));
  } while (after !== undefined && Number(after) + PAGE <= MOST);
  if (after !== undefined)
    yield { untold: `${object} beyond the first ${MOST}`, kinds: [kind], why: 'a search of HubSpot gives no more. Look at a shorter time' };
}

function effectOf(
  { id, properties, createdAt }: WireRecord,
  kind: SideEffect['kind'],
  subject: string | undefined,
  about: SideEffect['about'],
): SideEffect {
  return {
    kind,
    id,
    at: textIn(properties, 'hs_createdate') ?? createdAt ?? '',
    about,
    ...defined({
      subject: subject === undefined ? undefined : textIn(properties, subject),
      by: sourceName(textIn(properties, 'hs_object_source'), textIn(properties, 'hs_object_source_id')),
    }),
  };
}

/** An activity, and records that it is about. */
type Tie = readonly [string, ...SideEffect['about']];

/** The records of one object type that activities are about. */
async function* tiesOf(
  api: HubSpotApi,
  [activity, object]: readonly [string, string],
  ids: readonly string[],
  call: CallOptions,
): AsyncGenerator<readonly Tie[]> {
  if (ids.length === 0) return;
  // A page of a search is less than what one request about links takes.
  for await (const { id, others } of associations(api, activity, object, [ids.slice(0, LINK_READ_BATCH)], call))
    yield [[id, ...others.map((key) => ({ object, key: String(key) }))]];
}

const isEventPage = (body: unknown): boolean => isObject(body) && Array.isArray(body['events']) && body['events'].every((one) => isObject(one));

/** Marketing mails, by address: HubSpot ties these events to no record. */
async function* mailsSent(api: HubSpotApi, { from, to }: SideEffectsRequest, call: CallOptions): AsyncGenerator<SideEffects> {
  const cursors = new Cursors(api);
  let offset: string | undefined;
  do {
    const at = `startTimestamp=${from.getTime()}&endTimestamp=${to.getTime()}`;
    const path = `/email/public/v1/events?eventType=SENT&${at}&limit=${EVENTS}${offset === undefined ? '' : `&offset=${encodeURIComponent(offset)}`}`;
    const page = (await api.get(path, isEventPage, call)) as {
      readonly events: readonly Readonly<Record<string, unknown>>[];
      readonly hasMore?: unknown;
      readonly offset?: unknown;
    };
    yield page.events.flatMap(mailOf);
    offset =
      page.hasMore === true && (typeof page.offset === 'string' || typeof page.offset === 'number') ? cursors.next(String(page.offset)) : undefined;
  } while (offset !== undefined);
}

function mailOf(event: Readonly<Record<string, unknown>>): readonly SideEffect[] {
  const [address, created] = [textIn(event, 'recipient'), event['created']];
  if (address === undefined || typeof created !== 'number' || !Number.isFinite(created)) return [];
  const campaign = event['emailCampaignId'];
  return [
    {
      kind: 'mail',
      id: textIn(event, 'id') ?? '',
      at: new Date(created).toISOString(),
      about: [],
      address,
      ...defined({
        subject: textIn(event, 'subject'),
        by: typeof campaign === 'number' || typeof campaign === 'string' ? `EMAIL_CAMPAIGN:${String(campaign)}` : undefined,
      }),
    },
  ];
}
