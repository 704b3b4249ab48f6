import { isRunbackError } from '../lib/index.js';
import { type PlatformConfig, SECRET_REF, type SecretRef } from '../workspace/index.js';

/** Resolves a reference to a secret. Throws `secret-missing`. */
export type ResolveSecret = (ref: SecretRef) => Promise<string>;

/**
 * The secrets of a platform that can be resolved, an address that is one among them. One that cannot be resolved here
 * leads nowhere from here. A plain address is none: many accounts of a vendor share one. They stay in memory.
 */
export async function secretsOf(
  { url, credentials }: Pick<PlatformConfig, 'url' | 'credentials'>,
  secret: ResolveSecret,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const refs = [...Object.values(credentials), ...(url !== undefined && SECRET_REF.test(url) ? [url as SecretRef] : [])];
  for (const ref of refs) await secret(ref).then((value) => found.add(value), ignoreMissing);
  return found;
}

/** Whether two platforms have a secret in common. */
export function shareSecret(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((secret) => other.has(secret));
}

/** The logins in addresses among secrets, user and password together: another address may well take the same one. */
export function loginsIn(secrets: ReadonlySet<string>): ReadonlySet<string> {
  const urls = [...secrets].flatMap((secret) => (URL.canParse(secret) ? [new URL(secret)] : []));
  return new Set(urls.filter(({ password }) => password !== '').map(({ username, password }) => `${username}:${password}`));
}

function ignoreMissing(error: unknown): void {
  if (!isRunbackError(error)) throw error;
}
