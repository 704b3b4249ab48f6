import type { CallOptions } from '../../lib/index.js';
import { type ObjectSchema, type PlatformRecord, setOwn, type Value } from '../../records/index.js';
import type { MutationResult, RecordBatch, UpdateMutation } from '../connector.js';
import { type BatchRequest, type Place, rejection, settling } from '../http/batch.js';
import { unsendable } from '../http/unsendable.js';
import { listAudiences } from './describe/audience.js';
import { LISTS } from './describe/names.js';
import { listPath, type MailchimpApi } from './wire/api.js';
import { refusalOf } from './wire/problem.js';
import { isObject } from './wire/shapes.js';
import { differing } from './write/outcome.js';
import { sendEach } from './write/slots.js';

/** Audiences as records: few, so that each is read by itself. */
export async function* readLists(
  api: MailchimpApi,
  schema: ObjectSchema,
  keys: readonly string[] | undefined,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const ids = (await listAudiences(api, call)).map(({ id }) => id).filter((id) => keys?.includes(id) !== false);
  for (const id of ids) {
    const list = await api.find(listPath(id, '', { fields: ['id', ...schema.fields.map(({ name }) => name)].join(',') }), isObject, call);
    if (isObject(list)) yield { records: [listRecord(schema, list)], ...(keys === undefined && { total: ids.length }) };
  }
}

function listRecord(schema: ObjectSchema, list: Readonly<Record<string, unknown>>): PlatformRecord {
  const [fields, meta]: [Record<string, Value>, Record<string, Value>] = [{}, {}];
  for (const { name, type, readOnly } of schema.fields) {
    const told = list[name];
    const value = type === 'boolean' ? told === true : typeof told === 'string' && told !== '' ? told : null;
    setOwn(readOnly ? meta : fields, name, value);
  }
  return { key: String(list['id']), fields, meta };
}

interface Slot extends Place {
  readonly mutation: UpdateMutation;
}

/** Changes the settings of audiences. */
export async function updateLists(api: MailchimpApi, mutations: readonly UpdateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = mutations.flatMap((mutation, index): Slot[] => {
      const refused = unsendable(mutation, api.words);
      if (refused) results.set({ index }, refused);
      return refused ? [] : [{ index, mutation }];
    });
    const request: BatchRequest<Slot> = {
      send: async ([slot]) => await api.send(listPath(slot?.mutation.key ?? ''), bodyOf(slot), isObject, call, 'PATCH'),
      take: ([slot], body) => {
        if (slot === undefined || !isObject(body)) return;
        const { schema, key, set } = slot.mutation;
        const record = listRecord(schema, body);
        const names = differing(schema, set, record).map(({ name }) => name);
        const message = `Mailchimp reported success, but ${names.join(', ')} did not change`;
        results.set(slot, names.length === 0 ? { status: 'applied', key, record } : rejection('rejected', message, undefined, names));
      },
      refusal: (slot, answer) => refusalOf(answer, Object.keys(slot.mutation.set)),
    };
    await sendEach({ api }, slots, request, results, call);
  });
}

function bodyOf(slot: Slot | undefined): unknown {
  return Object.fromEntries(Object.entries(slot?.mutation.set ?? {}).map(([name, value]) => [name, value ?? '']));
}

/** Why audiences are not made or deleted. */
export function notMade(mutations: readonly unknown[]): readonly MutationResult[] {
  return mutations.map(() =>
    rejection('irreversible', `${LISTS} are made and deleted by people in Mailchimp: their members are deleted permanently with them`),
  );
}
