import { z } from 'zod';

import { COMMON_FAULTS, commonControls, type Controls, faultForm, present } from '../kit/control.js';
import type { AppSettings } from './apps.js';
import type { DirectMutation } from './direct.js';
import type { Fault } from './faults.js';
import type { HubSpotSandbox } from './handle.js';
import type { LimitSettings } from './limits.js';
import { readBody } from './routes/inputs.js';
import { seedMessy } from './seed/seed.js';
import type { AccountSettings } from './state/reactions/account-settings.js';
import type { WriteSource } from './state/record.js';

const policy = z.enum(['TEN_SECONDLY_ROLLING', 'SECONDLY', 'DAILY']);
const faultInput = z.discriminatedUnion('kind', [
  ...COMMON_FAULTS,
  faultForm('rate-limit', { policy: policy.optional(), retryAfterSeconds: z.number().optional() }),
  faultForm('locked', { ms: z.number().min(0).optional() }),
  faultForm('moving', { retryAfterSeconds: z.number().min(0).optional() }),
  faultForm('html-error', { status: z.number().int().min(400).max(599).optional(), applied: z.boolean().optional() }),
  faultForm('partial', {
    answer: z.enum(['internal-error', 'nameless-error', 'count-only', 'silent']).optional(),
    ids: z.array(z.string()).optional(),
  }),
  faultForm('expire-token', {}),
  faultForm('remove-scope', { scope: z.string() }),
  faultForm('half-batch', { answer: z.enum(['server-error', 'cut']).optional() }),
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
    withoutHistory: z.array(z.string()),
    firstCompanyIsPrimary: z.boolean(),
  })
  .partial();
const app = z.object({ token: z.string(), appId: z.string(), name: z.string(), scopes: z.array(z.string()).optional() });
const size = z.number().int().min(0).max(1_000_000);
const seed = z.object({ contacts: size.default(5000), companies: size.default(800), deals: size.default(500), seed: z.number().int().default(7) });

/** What can be done to an account from another process, beside what every sandbox lets do. */
export function hubspotControls(sandbox: HubSpotSandbox): Controls {
  return {
    ...commonControls<Fault>(sandbox, (body) => readBody(faultInput, body) as Fault),
    'GET ': () => ({ portalId: sandbox.portalId, accountType: sandbox.accountType, url: sandbox.url, faults: sandbox.faults.list().length }),
    'GET writes': () => sandbox.writes(),
    'GET records': (_, [object = '']) => sandbox.records(object),
    'GET links': () => sandbox.links(),
    'GET history': (_, [object = '', id = '', property = '']) => sandbox.history(object, id, property),
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
  };
}
