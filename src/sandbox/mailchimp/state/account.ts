import type { Clock } from '../../../lib/index.js';
import { type AutomatedAccount, Automations } from '../../kit/automations/automations.js';
import { notFound } from '../failure.js';
import { type AudienceDescription, audienceOf } from './description.js';
import { Ids } from './ids.js';
import type { Audience, Campaign, WriteEntry, Writer } from './model.js';
import type { ConsentRules } from './status.js';

/** What an account is set to. */
export interface AccountSettings extends ConsentRules {
  /** Hosts whose addresses look fake. */
  readonly fakeHosts: ReadonlySet<string>;
  /** What the ids of contacts are made from, beside their number. */
  readonly contacts: string;
  /** Merge fields that an audience can have. */
  readonly mergeFieldLimit: number;
}

/** What an account is, as it tells it. */
export interface AccountFacts {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly email: string;
}

/** What one account holds. No HTTP here. */
export class Account {
  readonly ids: Ids;
  audiences = new Map<string, Audience>();
  campaigns = new Map<string, Campaign>();
  readonly writes: WriteEntry[] = [];
  readonly automations: Automations;

  constructor(
    readonly facts: AccountFacts,
    readonly settings: AccountSettings,
    private readonly clock: Clock,
    automated: (account: Account) => AutomatedAccount,
  ) {
    this.ids = new Ids(settings.contacts);
    this.automations = new Automations(clock, automated(this));
  }

  now(): number {
    return this.automations.now();
  }

  /** The time without an automation that is behind. */
  clockNow(): number {
    return this.clock.now().getTime();
  }

  /** Throws 404. */
  audience(id: string): Audience {
    const found = this.audiences.get(id);
    if (!found) throw notFound();
    return found;
  }

  addAudience(description: AudienceDescription, at = this.now()): Audience {
    const made = audienceOf(description, this.ids, at);
    if (this.audiences.has(made.id)) throw new RangeError(`There is an audience ${made.id} already`);
    this.audiences.set(made.id, made);
    return made;
  }

  /** Notes a write that somebody asked for; what an automation writes is none. */
  note(action: WriteEntry['action'], object: string, id: string, { request }: Writer): void {
    if (this.automations.acting) return;
    this.writes.push({ action, object, id, at: this.now(), ...(request !== undefined && { request }) });
  }
}

/** The object types of an audience for the seam: its members and its tags. */
export const membersOf = ({ id }: Pick<Audience, 'id'>): string => `members-${id}`;
export const tagsObjectOf = ({ id }: Pick<Audience, 'id'>): string => `tags-${id}`;
