import type { SecretRef } from '../workspace/index.js';

/**
 * How a person can be reached. `email` goes over the channel of type `email`; `sms` and `voice` over the one of type
 * `twilio`.
 */
export type ContactKind = 'email' | 'sms' | 'voice';

/** One way to reach a person, and how long after the level has fired it is taken if nobody has answered. */
export interface ContactStep {
  readonly kind: ContactKind;
  /** Milliseconds after the level fired; 0: at once. */
  readonly afterMs: number;
}

export interface Person {
  readonly name: string;
  readonly email?: string;
  /** A reference or a number in clear (E.164). */
  readonly phone?: SecretRef | string;
  /** In the order in which they are tried. */
  readonly contact: readonly ContactStep[];
  /** SSH public key (`ssh-ed25519 AAAA…`): what signed approvals are checked against. */
  readonly key?: string;
  /** Role in `authority` that the person always has, whatever level was reached. */
  readonly role?: string;
}

/** Who is on call in turn. Times are local to `timezone`. */
export interface Schedule {
  /** IANA zone. */
  readonly timezone: string;
  readonly rotation: {
    /**
     * As written: `1w`, `2d`, `12h`. Weeks and days are calendar ones: a handoff stays at its local time through DST.
     */
    readonly every: string;
    /** `Mon 09:00` or `09:00`, local. */
    readonly handoff: string;
    /** First day, `2026-01-05`, local: the first person's turn begins at the first handoff on or after it. */
    readonly start: string;
    /** Ids of people, in turn. */
    readonly people: readonly string[];
  };
  /** Later ones win. */
  readonly overrides: readonly { readonly from: string; readonly to: string; readonly person: string }[];
  /** Hours in which the schedule covers at all; without it, always. */
  readonly hours?: WeeklyHours;
}

/** Spans of the week, local. `all`: the whole day. A span over midnight belongs to the day on which it begins. */
export interface WeeklyHours {
  readonly timezone?: string;
  /** `20:00-08:00`, `all` or `none`. */
  readonly weekdays: string;
  readonly weekends: string;
}

/** A channel as `escalation.yml` has it; the driver checks `options`. */
export interface ChannelConfig {
  readonly name: string;
  /** Driver: `slack`, `teams`, `email`, `twilio`, `pagerduty`, `opsgenie`, `webhook`, `command`, `bell`. */
  readonly type: string;
  /** Pages of drills may go over it; over every other channel none does. */
  readonly drills?: true;
  /** Everything else. Values that begin with env:, file:, command: or keychain: are references. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Things that a role may allow. */
export const ACTS = ['pause-syncs', 'snapshot', 'plan', 'approve-restore', 'resume-syncs', 'override-verification', 'accept-automations'] as const;
export type Act = (typeof ACTS)[number];

export interface Role {
  /** With what it inherits. */
  readonly may: readonly Act[];
  readonly limits: { readonly records?: number; readonly percent?: number };
  /** How many people of this role it takes. */
  readonly approvals: number;
  /** Whether the person who asks (who runs the runbook) counts as an approver. */
  readonly selfApproval: boolean;
  /** Milliseconds after which an approval lapses. */
  readonly expiresMs: number;
}

export interface Severity {
  readonly means: string;
  readonly policy: string;
  readonly quietHours: 'ignore' | 'hold';
  /** Milliseconds between updates to be written; undefined: none are due. */
  readonly updateEveryMs?: number;
  /** Milliseconds without any sign of work after which an acknowledgement lapses. */
  readonly ackExpiresMs: number;
}

/** `person:lee`, `schedule:crm-primary`, `channel:ops-slack`. */
export type NotifyRef = `person:${string}` | `schedule:${string}` | `channel:${string}`;

export interface Level {
  readonly notify: readonly NotifyRef[];
  readonly ackWithinMs: number;
  /** Role that everyone who was told at this level has while the incident is open. */
  readonly grants?: string;
  /** Vendors to engage from this level on. */
  readonly vendors: readonly string[];
}

export interface Policy {
  /** How often the levels are repeated after the first time. */
  readonly repeat: number;
  readonly levels: readonly Level[];
  /** Told again and again once all rounds are through, until someone answers. */
  readonly exhausted: { readonly notify: readonly NotifyRef[]; readonly everyMs: number };
}

export interface Vendor {
  readonly support?: string;
  readonly phone?: SecretRef | string;
  readonly account: Readonly<Record<string, string>>;
  readonly caseFields: readonly string[];
}

/**
 * escalation.yml, checked and with every default filled in. Plain JSON: an incident keeps the one it was opened with.
 */
export interface Escalation {
  readonly version: 1;
  readonly timezone: string;
  readonly people: Readonly<Record<string, Person>>;
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly channels: Readonly<Record<string, ChannelConfig>>;
  readonly authority: Readonly<Record<string, Role>>;
  readonly approvals: {
    /** Whether typing "approve" at the terminal of the run is enough, or a signature is needed. */
    readonly inPerson: boolean;
    /** Whether an approval by somebody whose identity nothing proves counts at all. */
    readonly unauthenticated: boolean;
  };
  readonly severities: Readonly<Record<string, Severity>>;
  readonly policies: Readonly<Record<string, Policy>>;
  readonly quietHours?: WeeklyHours;
  readonly vendors: Readonly<Record<string, Vendor>>;
  /**
   * Most messages to one person's address or one chat channel: `burst` at once, then one every `everyMs`; more are
   * bundled.
   */
  readonly caps: { readonly burst: number; readonly everyMs: number };
}

/** Who a `notify` entry means at one time. */
export interface Target {
  readonly ref: NotifyRef;
  /** Id of the person; undefined for a channel, and for a schedule that nobody covers at that time. */
  readonly person?: string;
  readonly channel?: string;
}

/** A contact of a target that was taken. `step` is the index in the person's contacts; 0 for a channel. */
export interface TakenContact {
  readonly target: number;
  readonly step: number;
  /** ISO 8601. */
  readonly at: string;
  readonly state: 'open' | 'accepted' | 'failed';
}

/** A rung of the ladder that has fired: level after level, round after round, then the exhausted ones. */
export interface FiredRung {
  /** From 0, without gaps. */
  readonly index: number;
  /** ISO 8601: when it really fired. */
  readonly at: string;
  readonly targets: readonly Target[];
  readonly contacts: readonly TakenContact[];
}

/** What escalation needs to know of an incident. Plain data, derived from its journal. */
export interface EscalationState {
  readonly severity: string;
  /** ISO 8601: when the ladder began: opening, raise, lapse of an acknowledgement, end of a snooze. */
  readonly since: string;
  /** Somebody has it, or it is snoozed or closed: nothing fires. */
  readonly held: boolean;
  /** A person asked for the next rung now. */
  readonly hurried: boolean;
  /** Rungs fired since `since`. */
  readonly fired: readonly FiredRung[];
}

/** Something that is due. */
export type EscalationAct =
  | {
      readonly kind: 'rung';
      readonly index: number;
      /** From 1; undefined once all rounds are through. */
      readonly level?: number;
      /** From 1. */
      readonly round: number;
      readonly exhausted: boolean;
      readonly targets: readonly Target[];
      /** Contacts to take at once. */
      readonly contacts: readonly { readonly target: number; readonly step: number }[];
      readonly grants?: string;
      readonly vendors: readonly string[];
      /** In words, where it is not simply the time: every contact failed, a person asked, quiet hours ended. */
      readonly because?: string;
    }
  | { readonly kind: 'contact'; readonly rung: number; readonly target: number; readonly step: number; readonly because: 'time' | 'failed' };

export interface EscalationDue {
  /** In order. Doing them and asking again with the new state gives what follows. */
  readonly acts: readonly EscalationAct[];
  /** ISO 8601: when something will be due if nothing changes; undefined while held. */
  readonly next?: string;
  /** Held back by quiet hours until then, ISO 8601. */
  readonly quietUntil?: string;
}
