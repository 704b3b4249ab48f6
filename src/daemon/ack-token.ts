import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Store } from '../store/index.js';

const KIND = 'daemon-secrets';
const ID = 'acknowledge';

interface Secret {
  /** 32 bytes, base64url. */
  readonly key: string;
}

/**
 * Makes the secret word of the acknowledge link of a page from its key: an HMAC with a secret of this workspace, which is made when it
 * is first needed and readable by its owner only. The same key gives the same word, in every process.
 */
export async function ackToken(store: Store): Promise<(key: string) => string> {
  const document = store.document<Secret>(KIND, ID);
  const { key: secret } = (await document.read()) ?? (await document.update((present) => present ?? { key: randomBytes(32).toString('base64url') }));
  return (key) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(key).digest('base64url');
}

/** Whether a word is the one of a page, in a time that tells nothing about it. */
export function isToken(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
