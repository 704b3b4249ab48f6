import { createHmac, randomBytes } from 'node:crypto';

import type { Store } from '../../store/index.js';
import type { PageLinks } from './planned.js';

const KIND = 'daemon-secrets';

interface Secret {
  /** 32 bytes, base64url. */
  readonly key: string;
}

interface Announced {
  /** Where people reach the status page. */
  readonly base: string;
}

/**
 * Makes the secret word of the acknowledge link of a page from its key: an HMAC with a secret of this workspace, which
 * is made when it is first needed and readable by its owner only. The same key gives the same word, in every process.
 */
export async function ackToken(store: Store): Promise<(key: string) => string> {
  const document = store.document<Secret>(KIND, 'acknowledge');
  const { key: secret } = (await document.read()) ?? (await document.update((present) => present ?? { key: randomBytes(32).toString('base64url') }));
  return (key) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(key).digest('base64url');
}

/** Writes down where the status page answers, for the pages that other processes put into the outbox. */
export async function announcePage(store: Store, base: string): Promise<void> {
  const document = store.document<Announced>(KIND, 'address');
  if ((await document.read())?.base !== base) await document.update(() => ({ base }));
}

/**
 * Links to the status page as it was last announced; none where it never was. Whether it answers now is for the caller
 * to know.
 */
export async function announcedLinks(store: Store): Promise<PageLinks> {
  const announced = await store.document<Announced>(KIND, 'address').read();
  return announced === undefined ? {} : { base: announced.base, token: await ackToken(store) };
}
