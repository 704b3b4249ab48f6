import type { MailchimpApi } from '../wire/api.js';
import type { WireMember } from '../wire/shapes.js';

/** Addresses that are kept: those of what is read just before it is written. */
const MOST_ADDRESSES = 20_000;

/** What reading and writing the members of one audience takes. */
export interface Session {
  readonly api: MailchimpApi;
  readonly audience: string;
  /** What reading told on the way. */
  readonly knows: {
    /** How many members the audience had when it was last said. */
    total?: number;
  };
  /** The address that a member had when it was last seen; a batch names members by it. */
  addressOf(key: string): string | undefined;
  saw(member: WireMember): void;
}

export function sessionOf(api: MailchimpApi, audience: string): Session {
  const addresses = new Map<string, string>();
  return {
    api,
    audience,
    knows: {},
    addressOf: (key) => addresses.get(key),
    saw: ({ contact_id: key, email_address: address }) => {
      addresses.delete(key);
      if (address === undefined || address === '') return;
      addresses.set(key, address);
      const [oldest] = addresses.size > MOST_ADDRESSES ? addresses.keys() : [];
      if (oldest !== undefined) addresses.delete(oldest);
    },
  };
}
