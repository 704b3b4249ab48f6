import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { CreatedLookup } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';

/** How creates are looked up. */
export type LookingUp = CallOptions & { readonly lastSentAt?: Date };

/** How often it is looked again, at least. */
const EVERY_MS = 10_000;

/**
 * Looks what became of creates until each is found, or until Salesforce cannot be at work on them any longer: it does not stop when
 * nobody waits for an answer, and what it makes is seen only when all of it is done. One that is made again too early would be there
 * twice. `sentAt`: by Salesforce's clock, the epoch where nobody knows; then the time counts from now. Throws `interrupted` when told to
 * stop.
 */
export async function whenSettled(
  api: SalesforceApi,
  look: () => Promise<readonly CreatedLookup[]>,
  { sentAt, settleMs }: { readonly sentAt: Date; readonly settleMs: number },
  call: CallOptions,
): Promise<readonly CreatedLookup[]> {
  const now = (): number => (api.now() ?? api.clock.now()).getTime();
  let found = await look();
  const asked = now();
  const until = Math.min(sentAt.getTime() === 0 ? asked : sentAt.getTime(), asked) + settleMs;
  while (found.some(({ state }) => state === 'absent') && now() < until) {
    await pause(api, Math.min(EVERY_MS, until - now()), call);
    found = await look();
  }
  return found;
}

async function pause({ clock }: SalesforceApi, ms: number, call: CallOptions): Promise<void> {
  call.reporter?.waiting({ reason: 'Salesforce may still be at work on a request whose answer was lost', ms });
  try {
    await clock.sleep(ms, call.signal);
  } catch (error) {
    if (!call.signal?.aborted) throw error;
    throw new RunbackError('interrupted', 'Stopped while waiting for what Salesforce may still be at work on', {
      state: 'Nothing was sent since.',
      cause: error,
    });
  }
}
