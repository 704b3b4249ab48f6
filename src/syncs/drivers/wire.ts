import { type HttpAnswer, type HttpResult, mayCarrySecrets, ownValue, RunbackError } from '../../lib/index.js';

/** What drivers over HTTP have in common: credentials, and answers that are no success. */

/** Throws `file-invalid` where a credential would be readable on its way. */
export function requireSafe(name: string, address: URL): void {
  if (mayCarrySecrets(address)) return;
  throw new RunbackError('file-invalid', `runback.yml: syncs.${name}.url: a secret would be sent without encryption`, {
    why: `${address.host} is not this machine, and http would carry the credential readable over the network.`,
    next: 'Use an https address.',
  });
}

/** The credential of a name. `where`: what asks for it, under the sync. Throws `file-invalid`. */
export function credentialOf(name: string, credentials: Readonly<Record<string, string>>, wanted: string, where: string): string {
  const secret = ownValue(credentials, wanted);
  if (secret !== undefined) return secret;
  throw new RunbackError('file-invalid', `runback.yml: syncs.${name}.${where}: there is no credential "${wanted}"`, {
    next: `Add it under syncs.${name}.credentials as a reference, for example ${wanted}: env:SYNC_TOKEN.`,
  });
}

/** An answer of success. `said`: what the tool says of an error. Throws `auth-refused`, `sync-failed`. */
export function answered(
  name: string,
  address: URL,
  result: HttpResult,
  said: (answer: HttpAnswer) => string | undefined = () => undefined,
): HttpAnswer {
  if (result.kind === 'answered' && result.status < 400) return result;
  if (result.kind !== 'answered') throw failed(name, result.message);
  const words = said(result);
  const why = `Its controller at ${address.origin} answered with status ${String(result.status)}${words === undefined ? '.' : `: ${words}`}`;
  if (result.status === 401 || result.status === 403)
    throw new RunbackError('auth-refused', `The controller of sync ${name} refuses its credentials`, {
      why,
      next: `Check syncs.${name}.credentials in runback.yml, then: runback sync status ${name}`,
    });
  if (result.status === 404)
    throw new RunbackError('sync-failed', `The controller of sync ${name} does not know it`, {
      why,
      next: `Check what runback.yml says under syncs.${name}, then: runback sync status ${name}`,
    });
  throw failed(name, why);
}

function failed(name: string, why: string): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} did not answer as expected`, { why, next: `runback sync status ${name}` });
}
