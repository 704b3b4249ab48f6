import type { FiredRung, Target } from '../escalation/index.js';
import type { Address, PageKind } from '../notify/index.js';

/** Where an incident stands. `snoozed`: quiet until a time, then it escalates again. */
export type IncidentStatus = 'open' | 'acknowledged' | 'snoozed' | 'mitigated' | 'resolved' | 'merged';

/** What an incident may refer to. */
export const LINK_KINDS = ['run', 'plan', 'restore', 'snapshot', 'drill', 'investigation'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export interface IncidentLink {
  readonly kind: LinkKind;
  readonly id: string;
  readonly at: string;
  readonly by: string;
}

/** A page as the incident's journal tells of it. */
export interface PageLine {
  readonly key: string;
  readonly kind: PageKind;
  readonly to: Address;
  /** ISO 8601: when it was put into the outbox. */
  readonly at: string;
  readonly state: 'open' | 'accepted' | 'failed' | 'withdrawn';
  readonly settledAt?: string;
  readonly attempts?: number;
  readonly why?: string;
  /** Names of what has to be set before its channel works. */
  readonly needs?: readonly string[];
  readonly bundle?: string;
  /** Of a message beside the ladder: `seq` of the line that caused it. */
  readonly for?: number;
  /** Of a reminder: whose case it is about. */
  readonly vendor?: string;
  /** Contact of the ladder it was sent for. */
  readonly of?: { readonly ladder: number; readonly rung: number; readonly target: number; readonly step: number };
}

/** A role that a person has while the incident is open, since a level was reached. */
export interface IncidentGrant {
  readonly role: string;
  readonly person: string;
  readonly since: string;
}

/** A case at a vendor's support. */
export interface VendorCase {
  readonly vendor: string;
  readonly number?: string;
  readonly at: string;
  readonly by: string;
  /** ISO 8601: when somebody has to look at it again. */
  readonly followUpAt?: string;
  readonly reminded: boolean;
}

/** Something that happened, for people to read. */
export interface TimelineEntry {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The person, or `runback`. */
  readonly by: string;
  /** Where it came from: `cli`, `respond`, `link`, `daemon`, … */
  readonly source: string;
  readonly type: string;
  /** One or two sentences. */
  readonly text: string;
  /** What it refers to. */
  readonly link?: { readonly kind: LinkKind; readonly id: string };
  /** Key of the page it is about. */
  readonly page?: string;
}

/** What a monitor found: where a search for what happened starts. Times are ISO 8601, UTC. */
export interface FoundByMonitor {
  /** The alert it was opened for: the same alert never opens a second incident. */
  readonly alert: string;
  readonly monitors: readonly string[];
  /** When it began and when it was seen. */
  readonly from: string;
  readonly to: string;
  readonly platform?: string;
  readonly object?: string;
  readonly writer?: string;
  /** Syncs that write there, or that it is about: the first thing to pause. */
  readonly syncs: readonly string[];
  /** Id of the runbook that fits. */
  readonly runbook?: string;
}

/** An incident, derived from its journal. */
export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly status: IncidentStatus;
  readonly summary?: string;
  /** What is affected, in the words of whoever triaged it. */
  readonly impact?: string;
  readonly platforms: readonly string[];
  readonly source: string;
  /** Id of the drill it is part of: nothing has happened. Set when it is opened, and never changed. */
  readonly drill?: string;
  /** Where it was opened for what a monitor found. */
  readonly found?: FoundByMonitor;
  readonly openedAt: string;
  readonly openedBy: string;
  /** When the damage began and when it was noticed, as far as known. */
  readonly beganAt?: string;
  readonly detectedAt?: string;
  /** Digest of the escalation policy it was opened with; undefined where there was no escalation.yml. */
  readonly policy?: string;
  /** Who has it. */
  readonly holder?: { readonly person: string; readonly since: string };
  readonly snoozedUntil?: string;
  readonly ladder: { readonly n: number; readonly since: string; readonly hurried: boolean; readonly fired: readonly FiredRung[] };
  readonly pages: readonly PageLine[];
  /** The page whose end was written down last: it may still be in the outbox. */
  readonly lastSettled?: string;
  /**
   * What channels have to hear as the last word: that nobody is paged any more, or that it is over. Absent while people
   * are paged: an earlier word was overtaken, and must not reach anybody any more.
   */
  readonly lastWord?: { readonly kind: 'acknowledged' | 'resolved'; readonly seq: number };
  /** The last word, until its message is on record: one at most. */
  readonly owed: readonly { readonly kind: 'acknowledged' | 'resolved'; readonly seq: number; readonly by: string }[];
  readonly grants: readonly IncidentGrant[];
  readonly links: readonly IncidentLink[];
  readonly vendors: readonly VendorCase[];
  readonly lastUpdateAt: string;
  readonly lastActivityAt: string;
  /** The latest time in its journal since the clock was last seen to have gone back. */
  readonly latestAt: string;
  readonly firstAcknowledgedAt?: string;
  readonly mitigatedAt?: string;
  readonly resolvedAt?: string;
  readonly mergedInto?: string;
  readonly absorbed: readonly string[];
  /** Keys of notes that programs wrote: none is written twice. */
  readonly noteKeys: readonly string[];
  readonly timeline: readonly TimelineEntry[];
  /** Hash of the journal's last line. */
  readonly lastHash: string;
}

/** A page that an event of the journal causes. */
export interface PlannedPage {
  readonly key: string;
  readonly to: Address;
  readonly target?: number;
  readonly step?: number;
}

/** Every type of line in an incident's journal, with its data. */
export interface IncidentEvents {
  'incident.opened': {
    readonly title: string;
    readonly severity: string;
    readonly summary?: string;
    readonly impact?: string;
    readonly platforms: readonly string[];
    readonly source: string;
    readonly beganAt?: string;
    readonly detectedAt?: string;
    readonly policy?: string;
    /** See `Incident.drill`. */
    readonly drill?: string;
    readonly found?: FoundByMonitor;
  };
  'incident.triaged': {
    readonly title?: string;
    readonly severity?: string;
    readonly impact?: string;
    readonly platforms?: readonly string[];
    readonly beganAt?: string;
    readonly why?: string;
    /** Other rules apply, and it got worse or nobody has it: the right people are told from the first level on. */
    readonly restarts: boolean;
    /**
     * Another policy applies, and somebody has it: nobody is told, and the next level is the first one of that policy.
     */
    readonly anew?: true;
    readonly source: string;
  };
  'incident.acknowledged': { readonly source: string };
  'incident.released': { readonly because: 'expired' | 'asked' | 'snooze-ended'; readonly source: string };
  /** `quiets`: people were being paged until now, so channels hear that nobody is any more. */
  'incident.snoozed': { readonly until: string; readonly source: string; readonly quiets?: true };
  'incident.hurried': { readonly why?: string; readonly source: string };
  'incident.noted': { readonly text: string; readonly update: boolean; readonly source: string; readonly key?: string };
  'incident.linked': { readonly kind: LinkKind; readonly id: string; readonly what?: string; readonly source: string };
  /** `quiets`: nobody had it, so whoever says this has it now, and channels hear of that. */
  'incident.mitigated': { readonly what: string; readonly source: string; readonly quiets?: true };
  'incident.resolved': { readonly what: string; readonly source: string };
  'incident.reopened': { readonly why: string; readonly source: string };
  'incident.merged': { readonly into: string; readonly source: string };
  'incident.absorbed': { readonly from: string; readonly title: string; readonly source: string };
  'vendor.engaged': { readonly vendor: string; readonly number?: string; readonly followUpAt?: string; readonly source: string };
  'rung.fired': {
    readonly index: number;
    readonly level?: number;
    readonly round: number;
    readonly exhausted: boolean;
    readonly targets: readonly Target[];
    readonly grants?: string;
    readonly vendors: readonly string[];
    readonly because?: string;
    readonly pages: readonly PlannedPage[];
    /** Contacts that could not become a page (no address, no channel), with the reason. */
    readonly unreachable: readonly { readonly target: number; readonly step: number; readonly why: string }[];
  };
  'contact.fired': {
    readonly rung: number;
    readonly target: number;
    readonly step: number;
    readonly because: 'time' | 'failed';
    readonly page?: PlannedPage;
    readonly unreachable?: string;
  };
  /** Messages beside the ladder. `for`: the line that caused them, or the vendor that is to be followed up. */
  'messages.sent': {
    readonly kind: 'acknowledged' | 'resolved' | 'update-due' | 'follow-up';
    readonly for?: number;
    readonly vendor?: string;
    readonly pages: readonly PlannedPage[];
  };
  /**
   * The clock of the machine went back: nothing waits for a time that has come before. `from`: the latest time before.
   */
  'clock.set-back': { readonly from: string };
  'page.settled': {
    readonly key: string;
    readonly state: 'accepted' | 'failed' | 'withdrawn';
    readonly attempts: number;
    readonly why?: string;
    readonly needs?: readonly string[];
    readonly bundle?: string;
    readonly receipt?: Readonly<Record<string, string>>;
  };
}
export type IncidentEventType = keyof IncidentEvents;

/** What runback itself writes under. */
export const ROBOT = 'runback';
