import type { WriteSource } from './record.js';

/** What people and workflows do about records, and HubSpot keeps as objects of their own. */
export const ACTIVITY_TYPES = ['tasks', 'emails', 'calls', 'meetings', 'notes'] as const;
export type ActivityType = (typeof ACTIVITY_TYPES)[number];

/** A task, a mail to one person, a call, a meeting or a note. */
export interface Activity {
  readonly type: ActivityType;
  readonly id: string;
  /** Milliseconds. */
  readonly at: number;
  readonly subject: string;
  readonly source: WriteSource;
  /** Ids of the contacts that it is about. */
  readonly contacts: readonly string[];
  /** Ids of other records that it is about, by object type. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
  /** Of a mail: it came from outside. */
  readonly incoming?: true;
}

/** A marketing mail on its way to one address. */
export interface MailEvent {
  readonly id: string;
  readonly type: 'SENT' | 'DELIVERED' | 'OPEN' | 'CLICK' | 'BOUNCE';
  readonly recipient: string;
  /** Milliseconds. */
  readonly at: number;
  readonly subject: string;
  readonly campaignId: number;
}

/** What happened outside the records of an account. */
export class Activities {
  readonly all: Activity[] = [];
  readonly mails: MailEvent[] = [];
  #last = 700_000_000;

  add(activity: Omit<Activity, 'id'>): string {
    const id = String((this.#last += 7));
    this.all.push({ ...activity, id });
    return id;
  }

  mail(event: Omit<MailEvent, 'id'>): void {
    this.mails.push({ ...event, id: `event-${(this.#last += 7).toString(16)}` });
  }
}
