import { z } from 'zod';

import type { AppSettings } from './apps.js';
import type { DirectMutation } from './direct.js';
import type { WireAnswer, WireRequest } from './dispatch.js';
import { ApiFailure } from './failure.js';
import type { Fault } from './faults.js';
import type { HubSpotSandbox } from './handle.js';
import type { LimitSettings } from './limits.js';
import { readBody } from './routes/inputs.js';
import { seedMessy } from './seed/seed.js';
import type { AccountSettings } from './state/account-settings.js';
import type { WriteSource } from './state/record.js';

/** Where the control routes begin; requests there are neither counted nor limited. */
export const CONTROL_PATH = '/__sandbox';

const policy = z.enum(['TEN_SECONDLY_ROLLING', 'SECONDLY', 'DAILY']);
const when = {
  method: z.string().optional(),
  path: z.string().optional(),
  after: z.number().int().min(0).optional(),
  times: z.number().int().min(1).nullable().optional(),
};
const faultInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drop-answer'), ...when }),
  z.object({ kind: z.literal('drop-request'), ...when }),
  z.object({ kind: z.literal('delay'), ms: z.number().min(0), ...when }),
  z.object({ kind: z.literal('rate-limit'), policy: policy.optional(), retryAfterSeconds: z.number().optional(), ...when }),
  z.object({ kind: z.literal('server-error'), status: z.number().int().min(400).max(599).optional(), applied: z.boolean().optional(), ...when }),
  z.object({ kind: z.literal('locked'), ms: z.number().min(0).optional(), ...when }),
  z.object({ kind: z.literal('moving'), retryAfterSeconds: z.number().min(0).optional(), ...when }),
  z.object({ kind: z.literal('html-error'), status: z.number().int().min(400).max(599).optional(), applied: z.boolean().optional(), ...when }),
  z.object({
    kind: z.literal('partial'),
    answer: z.enum(['internal-error', 'nameless-error', 'count-only', 'silent']),
    ids: z.array(z.string()).optional(),
    ...when,
  }),
  z.object({ kind: z.literal('nonsense'), ...when }),
  z.object({ kind: z.literal('cut-body'), ...when }),
  z.object({ kind: z.literal('expire-token'), ...when }),
  z.object({ kind: z.literal('remove-scope'), scope: z.string(), ...when }),
  z.object({ kind: z.literal('half-batch'), answer: z.enum(['server-error', 'cut']).optional(), ...when }),
]);

const values = z.record(z.string(), z.string());
const ends = { fromObject: z.string(), from: z.string(), toObject: z.string(), to: z.string(), label: z.string().optional() };
const mutationInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), object: z.string(), properties: values }),
  z.object({ action: z.literal('update'), object: z.string(), id: z.string(), properties: values }),
  z.object({ action: z.enum(['archive', 'undelete']), object: z.string(), id: z.string() }),
  z.object({ action: z.literal('merge'), object: z.string(), id: z.string(), into: z.string() }),
  z.object({ action: z.literal('link'), ...ends }),
  z.object({ action: z.literal('unlink'), ...ends }),
]);
const source = z.object({ type: z.string(), id: z.string(), label: z.string().optional(), userId: z.number().optional() });
const limits = z.object({ per10s: z.number(), perDay: z.number(), searchPerSecond: z.number() }).partial();
const account = z
  .object({
    companiesFromAddresses: z.boolean(),
    phones: z.enum(['as-sent', 'validated']),
    trimsText: z.boolean(),
    stageOfNew: z.string().nullable(),
    setsCloseDate: z.boolean(),
    syncsStages: z.boolean(),
    tellsCleared: z.boolean(),
    firstCompanyIsPrimary: z.boolean(),
  })
  .partial();
const app = z.object({ token: z.string(), appId: z.string(), name: z.string(), scopes: z.array(z.string()).optional() });
const size = z.number().int().min(0).max(1_000_000);
const seed = z.object({ contacts: size.default(5000), companies: size.default(800), deals: size.default(500), seed: z.number().int().default(7) });

type Handler = (body: unknown, parts: readonly string[]) => unknown;

/** Optional members that are undefined say the same as absent ones; the seams of this code want them absent. */
const present = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What each control route does, by method and first word of the path. */
function handlers(sandbox: HubSpotSandbox): Readonly<Record<string, Handler>> {
  return {
    'GET ': () => ({ portalId: sandbox.portalId, accountType: sandbox.accountType, url: sandbox.url, faults: sandbox.faults.list().length }),
    'GET counts': () => sandbox.counts(),
    'DELETE counts': () => sandbox.resetCounts(),
    'GET writes': () => sandbox.writes(),
    'GET records': (_, [object = '']) => sandbox.records(object),
    'GET links': () => sandbox.links(),
    'GET history': (_, [object = '', id = '', property = '']) => sandbox.history(object, id, property),
    'GET faults': () => sandbox.faults.list(),
    'POST faults': (body) => ({ id: sandbox.faults.add(present(readBody(faultInput, body)) as Fault) }),
    'DELETE faults': (_, [id]) => (id === undefined ? sandbox.faults.clear() : { removed: sandbox.faults.remove(id) }),
    'POST mutations': (body) => {
      const input = readBody(z.object({ source, mutations: z.array(mutationInput) }), body);
      const writer = sandbox.writeAs(present(input.source) as WriteSource);
      return { ids: input.mutations.map((each) => writer.apply(present(each) as DirectMutation)) };
    },
    'POST apps': (body) => sandbox.addApp(present(readBody(app, body)) as AppSettings),
    'POST token': () => sandbox.renewToken(),
    'PATCH limits': (body) => sandbox.setLimits(present(readBody(limits, body)) as Partial<LimitSettings>),
    'PATCH account': (body) => sandbox.setAccount(present(readBody(account, body)) as Partial<AccountSettings>),
    'DELETE owners': (_, [id = '']) => sandbox.ownerLeaves(id),
    'POST seed': (body) => seedMessy(sandbox, readBody(seed, body)),
    'GET dump': () => sandbox.dump(),
    'PUT dump': (body) => sandbox.load(body),
  };
}

/**
 * Answers a control request, for another process that drives the sandbox. The token the sandbox started with is needed, even
 * after it "expired". Answers JSON; 204 where there is nothing to tell; errors in the form of the API's.
 */
export function control(sandbox: HubSpotSandbox, wire: WireRequest): WireAnswer {
  const answer = (status: number, body?: unknown): WireAnswer => ({
    status,
    headers: { 'Content-Type': 'application/json;charset=utf-8' },
    body: body === undefined ? '' : JSON.stringify(body),
    delayMs: 0,
    cut: 'no',
  });
  if (wire.authorization !== `Bearer ${sandbox.token}`)
    return answer(401, { status: 'error', message: 'The control routes need the token this sandbox started with' });
  const words = (wire.target.split('?')[0] ?? '')
    .slice(CONTROL_PATH.length)
    .split('/')
    .filter((each) => each !== '')
    .map(decodeURIComponent);
  const handler = handlers(sandbox)[`${wire.method} ${words[0] ?? ''}`];
  if (!handler) return answer(404, { status: 'error', message: `No control route ${wire.method} ${wire.target}` });
  try {
    const told = handler(wire.body === '' ? undefined : (JSON.parse(wire.body) as unknown), words.slice(1));
    return told === undefined ? answer(204) : answer(200, told);
  } catch (error) {
    if (error instanceof ApiFailure) return answer(error.status, { status: 'error', message: error.message, ...error.body });
    if (error instanceof SyntaxError || error instanceof z.ZodError) return answer(400, { status: 'error', message: error.message });
    throw error;
  }
}
