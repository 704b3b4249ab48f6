import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { CreatedLookup } from '../connector.js';
import type { PlatformApi } from './api.js';

/** How creates are looked up. `lastSentAt`: by the platform's clock, the epoch where nobody knows; then the time counts from now. */
export type LookingUp = CallOptions & { readonly lastSentAt?: Date };

type Api = Pick<PlatformApi, 'clock' | 'now' | 'settleMs' | 'words'>;

/**
 * Looks what became of creates until each is found, or until the platform cannot be at work on them any longer: it does not stop when
 * nobody waits for an answer, and what it makes is seen only when all of it is done. One that is made again too early would be there
 * twice, or be refused. `everyMs`: how often it looks; once at the end where that is not given, since a look may cost much. Throws
 * `interrupted` when told to stop.
 */
export async function whenSettled(
  api: Api,
  look: () => Promise<readonly CreatedLookup[]>,
  sentAt: Date,
  { everyMs = api.settleMs, ...call }: CallOptions & { readonly everyMs?: number },
): Promise<readonly CreatedLookup[]> {
  let found = await look();
  const until = endOf(api, sentAt);
  while (found.some(({ state }) => state === 'absent') && nowOf(api) < until) {
    await pause(api, Math.min(everyMs, until - nowOf(api)), call);
    found = await look();
  }
  return found;
}

/** `settled` of a platform that is reached by HTTP. */
export async function waitUntilSettled(api: Api, sentAt: Date | undefined, call: CallOptions): Promise<boolean> {
  const left = endOf(api, sentAt) - nowOf(api);
  if (left <= 0) return false;
  await pause(api, left, call);
  return true;
}

const nowOf = (api: Api): number => (api.now() ?? api.clock.now()).getTime();

function endOf(api: Api, sentAt: Date | undefined): number {
  const now = nowOf(api);
  const sent = sentAt?.getTime() ?? 0;
  return Math.min(sent === 0 ? now : sent, now) + api.settleMs;
}

async function pause({ clock, words: { name } }: Api, ms: number, call: CallOptions): Promise<void> {
  call.reporter?.waiting({ reason: `${name} may still be at work on a request whose answer was lost`, ms });
  try {
    await clock.sleep(ms, call.signal);
  } catch (error) {
    if (!call.signal?.aborted) throw error;
    throw new RunbackError('interrupted', `Stopped while waiting for what ${name} may still be at work on`, {
      state: 'Nothing was sent since.',
      cause: error,
    });
  }
}
