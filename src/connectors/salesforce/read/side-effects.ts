import { type CallOptions, isRunbackError } from '../../../lib/index.js';
import type { SideEffect, SideEffects, SideEffectsRequest } from '../../connector.js';
import { allObjects } from '../describe/schema.js';
import type { SalesforceApi } from '../wire/api.js';
import { idIn, prefixOf } from '../wire/ids.js';
import type { WireObject, WireRecord } from '../wire/shapes.js';
import { timeOf } from '../wire/soql.js';
import { timeIn } from './history.js';
import { rowsOf } from './query.js';
import { keyOf } from './records.js';
import type { Writers } from './writers.js';

/** What Salesforce keeps of what was done with people. */
const ACTIVITIES = [
  { object: 'Task', what: 'tasks', kind: 'task', kinds: ['task', 'email', 'call'] },
  { object: 'Event', what: 'events', kind: 'meeting', kinds: ['meeting'] },
] as const;

/** A task that says of itself what it is. */
const SUBTYPES: Readonly<Record<string, SideEffect['kind']>> = { Email: 'email', ListEmail: 'email', Call: 'call' };

/**
 * Tasks, logged mails and calls, and meetings that were made in a stretch of time; see `Connector.sideEffects`. Requests: one, and one
 * for 2000 of a kind.
 */
export async function* sideEffects(
  api: SalesforceApi,
  request: SideEffectsRequest,
  writers: Writers,
  wireOf: (object: string) => Promise<WireObject>,
  call: CallOptions,
): AsyncGenerator<SideEffects> {
  const all = await allObjects(api, call);
  const objects = new Map(all.flatMap(({ name, keyPrefix }) => (typeof keyPrefix === 'string' ? [[keyPrefix, name] as const] : [])));
  for (const { object, what, kind, kinds } of ACTIVITIES) {
    if (!all.some(({ name }) => name === object)) yield { untold: what, kinds, why: 'this user does not see them' };
    else yield* orUntold(what, kinds, () => activities(api, { object, kind, request, objects, writers, wireOf }, call));
  }
  yield { untold: 'mails of flows and alerts', kinds: ['mail'], why: 'no API of Salesforce tells which were sent; its e-mail logs, under Setup, do' };
}

/** What the user may not read is told as such. */
async function* orUntold(untold: string, kinds: readonly SideEffect['kind'][], read: () => AsyncIterable<SideEffects>): AsyncGenerator<SideEffects> {
  try {
    yield* read();
  } catch (error) {
    if (!isRunbackError(error) || !['scope-missing', 'platform-rejected'].includes(error.code)) throw error;
    yield { untold, kinds, why: error.why ?? error.message };
  }
}

interface Reading {
  readonly object: string;
  readonly kind: SideEffect['kind'];
  readonly request: SideEffectsRequest;
  /** Names of the object types by what their ids begin with. */
  readonly objects: ReadonlyMap<string, string>;
  readonly writers: Writers;
  wireOf(object: string): Promise<WireObject>;
}

async function* activities(api: SalesforceApi, reading: Reading, call: CallOptions): AsyncGenerator<SideEffects> {
  const { object, request, writers } = reading;
  const has = new Set((await reading.wireOf(object)).fields?.map(({ name }) => name));
  const names = ['Id', 'CreatedDate', 'CreatedById', 'Subject', 'WhoId', 'WhatId', 'TaskSubtype'].filter((name) => has.has(name));
  const where = [`CreatedDate >= ${timeOf(request.from)}`, `CreatedDate <= ${timeOf(request.to)}`];
  for await (const { rows } of rowsOf(api, { names, object, where }, call)) {
    await writers.know(
      rows.flatMap((row) => idIn(row['CreatedById']) ?? []),
      call,
    );
    yield rows.map((row) => effectOf(api, row, reading));
  }
}

function effectOf(api: SalesforceApi, row: WireRecord, { kind, objects, writers }: Reading): SideEffect {
  const { Subject: subject, TaskSubtype: subtype } = row;
  const about = [row['WhoId'], row['WhatId']].flatMap((value) => {
    const key = idIn(value);
    const object = key === undefined ? undefined : objects.get(prefixOf(key));
    return key === undefined || object === undefined ? [] : [{ object, key }];
  });
  const who = idIn(row['CreatedById']);
  return {
    kind: (typeof subtype === 'string' ? SUBTYPES[subtype] : undefined) ?? kind,
    id: keyOf(api, row),
    at: timeIn(row),
    about,
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(who === undefined ? {} : { by: writers.named(who)?.name ?? who }),
  };
}
