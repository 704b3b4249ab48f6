import { z } from 'zod';

import { COMMON_FAULTS, commonControls, type Controls, faultForm, present, read } from '../kit/control.js';
import { refused } from './failure.js';
import type { Fault } from './faults.js';
import type { SalesforceSandbox } from './handle.js';
import type { LimitSettings } from './limits.js';

const faultInput = z.discriminatedUnion('kind', [
  ...COMMON_FAULTS,
  faultForm('rate-limit', { limit: z.enum(['TotalRequests', 'ConcurrentPerOrgLongTxn']).optional(), retryAfterSeconds: z.number().optional() }),
  faultForm('partial', {}),
  faultForm('expire-session', {}),
  faultForm('lock-row', { ids: z.array(z.string()).optional() }),
  faultForm('hide-field', { field: z.string() }),
  faultForm('html-error', { status: z.number().int().min(400).max(599).optional(), applied: z.boolean().optional() }),
  faultForm('query-timeout', {}),
  faultForm('half-batch', {}),
]);
const limits = z.object({ perDay: z.number(), pageSize: z.number(), locatorMs: z.number() }).partial();

const body = <T>(form: z.ZodType<T>, given: unknown): T => read(form, given, (why) => refused('INVALID_ARGUMENT', why));

/** What can be done to an account from another process, in addition to what every sandbox lets do. */
export function salesforceControls(sandbox: SalesforceSandbox): Controls {
  return {
    ...commonControls<Fault>(sandbox, (given) => body(faultInput, given) as Fault),
    'GET ': () => ({ account: sandbox.account, url: sandbox.url, faults: sandbox.faults.list().length }),
    'GET writes': () => sandbox.writes(),
    'GET records': (_, [object = '']) => [...sandbox.truth().records(object)],
    'POST token': () => sandbox.renewToken(),
    'PATCH limits': (given) => sandbox.setLimits(present(body(limits, given)) as Partial<LimitSettings>),
  };
}
