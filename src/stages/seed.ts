import { HttpClient, RunbackError, type CallOptions, type Clock } from '../lib/index.js';

/** Sizes of what is added. */
export interface SeedSizes {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly seed: number;
}

/**
 * Fills a local sandbox that another process started with messy invented records. Throws `usage` for an address that is
 * not on this machine, `platform-unreachable` where nothing answers, `auth-refused` for another token.
 */
export async function seedSandbox(
  target: { readonly url: string; readonly token: string },
  sizes: SeedSizes,
  clock: Clock,
  call: CallOptions,
): Promise<void> {
  const { origin, hostname } = new URL(target.url);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
    throw new RunbackError('usage', `${hostname} is not this machine`, { why: 'Only a local sandbox can be filled.', state: 'Nothing was sent.' });
  const http = new HttpClient({
    origin,
    name: 'the sandbox',
    headers: { authorization: `Bearer ${target.token}` },
    clock,
    environment: {},
    maxTries: 1,
  });
  try {
    const result = await http.request({ method: 'POST', path: '/__sandbox/seed', body: sizes, repeatable: false }, call);
    if (result.kind !== 'answered')
      throw new RunbackError('platform-unreachable', `No sandbox answers at ${origin}`, { why: result.message, next: 'runback sandbox start' });
    if (result.status >= 400)
      throw new RunbackError(result.status === 401 ? 'auth-refused' : 'platform-rejected', `The sandbox refused (status ${result.status})`, {
        ...(isMessage(result.body) ? { why: result.body.message } : {}),
        next: result.status === 401 ? 'Give the token that `runback sandbox start` printed with --token.' : 'Try another --seed.',
      });
  } finally {
    await http.close();
  }
}

function isMessage(body: unknown): body is { readonly message: string } {
  return typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string';
}
