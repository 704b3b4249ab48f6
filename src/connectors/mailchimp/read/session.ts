import type { MailchimpApi } from '../wire/api.js';
import type { WireMember } from '../wire/shapes.js';

/** Addresses that are kept, and for how long they count: those of what is read just before it is written. */
const MOST_ADDRESSES = 20_000;
const KNOWN_FOR_MS = 5 * 60_000;

/** What reading and writing the members of one audience takes. */
export interface Session {
  readonly api: MailchimpApi;
  readonly audience: string;
  /** What reading told on the way. */
  readonly knows: {
    /** How many members the audience had when it was last said. */
    total?: number;
  };
  /** The address that a member had when it was seen just before; a batch names members by it. */
  addressOf(key: string): string | undefined;
  saw(member: WireMember): void;
}

export function sessionOf(api: MailchimpApi, audience: string): Session {
  const addresses = new Map<string, { readonly address: string; readonly atMs: number }>();
  return {
    api,
    audience,
    knows: {},
    addressOf: (key) => {
      const seen = addresses.get(key);
      return seen !== undefined && api.clock.monotonicMs() - seen.atMs < KNOWN_FOR_MS ? seen.address : undefined;
    },
    saw: ({ contact_id: key, email_address: address }) => {
      addresses.delete(key);
      if (address === undefined || address === '') return;
      addresses.set(key, { address, atMs: api.clock.monotonicMs() });
      const [oldest] = addresses.size > MOST_ADDRESSES ? addresses.keys() : [];
      if (oldest !== undefined) addresses.delete(oldest);
    },
  };
}
