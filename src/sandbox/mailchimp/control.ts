import { z } from 'zod';

import { COMMON_FAULTS, commonControls, type Controls, faultForm, present, read } from '../kit/control.js';
import { badRequest } from './failure.js';
import type { Fault } from './faults.js';
import type { MailchimpSandbox } from './handle.js';
import type { LimitSettings } from './limits.js';
import type { CampaignDescription } from './state/campaigns.js';
import { type AudienceDescription, audienceForm } from './state/description.js';

const status = z.number().int().min(400).max(599).optional();
const faultInput = z.discriminatedUnion('kind', [
  ...COMMON_FAULTS,
  faultForm('rate-limit', { retryAfterSeconds: z.number().optional(), body: z.enum(['json', 'html', 'empty']).optional() }),
  faultForm('partial', {}),
  faultForm('blocked', { body: z.enum(['html', 'empty']).optional() }),
  faultForm('html-error', { status, applied: z.boolean().optional() }),
  faultForm('half-batch', { answer: z.enum(['error', 'cut']).optional() }),
  faultForm('too-many-signups', { addresses: z.array(z.string()).optional() }),
]);
const limits = z.object({ connections: z.number(), perMinute: z.number() }).partial();
const campaign = z.object({
  listId: z.string(),
  subject: z.string(),
  title: z.string().optional(),
  type: z.enum(['regular', 'plaintext', 'rss', 'variate']).optional(),
  status: z.enum(['save', 'paused', 'schedule', 'sending', 'sent']).optional(),
  sendAt: z.number().optional(),
});

const body = <T>(form: z.ZodType<T>, given: unknown): T => read(form, given, (why) => badRequest(why));

/** What can be done to an account from another process, in addition to what every sandbox lets do. */
export function mailchimpControls(sandbox: MailchimpSandbox): Controls {
  return {
    ...commonControls<Fault>(sandbox, (given) => body(faultInput, given) as Fault),
    'GET ': () => ({ account: sandbox.account, url: sandbox.url, audiences: sandbox.audiences, faults: sandbox.faults.list().length }),
    'GET writes': () => sandbox.writes(),
    'GET records': (_, [object = '']) => [...sandbox.truth().records(object)],
    'GET links': () => [...sandbox.truth().links()],
    'POST audiences': (given) => ({ id: sandbox.addAudience(present(body(audienceForm, given)) as AudienceDescription) }),
    'POST campaigns': (given) => ({ id: sandbox.addCampaign(present(body(campaign, given)) as CampaignDescription) }),
    'PATCH limits': (given) => sandbox.setLimits(present(body(limits, given)) as Partial<LimitSettings>),
  };
}
