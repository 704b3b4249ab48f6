import { createHash } from 'node:crypto';

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The key of a member of an audience: the hash of its address in lower case. */
export const hashOf = (email: string): string => md5(email.toLowerCase());

/** What stands between two slashes of a path and is an id: of audiences, members, tags, an address. */
export const ID_IN_PATH = /^(?:[0-9a-f]{10}|[0-9a-f]{32}|\d+|.*@.*|.*%40.*)$/;

/** Ids of one account: always the same in the same order. */
export class Ids {
  /** `account`: two accounts that are named differently here give no contact the same id. */
  constructor(
    private readonly account = '',
    public last = 0,
  ) {}

  number(): number {
    this.last += 1;
    return this.last;
  }

  /** Ten digits, as of an audience, a group, an interest, a campaign. */
  short(): string {
    return md5(`mailchimp-${this.number()}`).slice(0, 10);
  }

  /** 32 digits, as of a contact. */
  long(): string {
    return md5(`mailchimp-contact-${this.account}${this.number()}`);
  }
}
