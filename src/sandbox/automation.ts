import type { WrittenValues } from './values.js';

/**
 * What an account is set to do by itself: a workflow, a flow, a journey. A record goes through it once, unless it
 * `repeats`; never twice at the same time, and never twice in one chain of effects, so that nothing loops for ever.
 */
export interface Automation {
  readonly id: string;
  readonly name: string;
  /** The object type whose records it takes. */
  readonly object: string;
  /** What is switched off takes no record, and skips the steps of those that it has. Waits go on. */
  readonly enabled: boolean;
  readonly when: Trigger;
  /** One after the other. */
  readonly does: readonly AutomationStep[];
  /** Whether a record may go through it again. Default false. */
  readonly repeats?: boolean;
}

/** What a record has to go through to be taken. What was back-dated sets nothing off. */
export type Trigger =
  | { readonly on: 'create' }
  /** A field gets this value, or any that it did not have; a value that a new record comes with counts. */
  | { readonly on: 'change'; readonly field: string; readonly becomes?: string };

/** One thing that an automation does with a record. */
export type AutomationStep =
  | { readonly do: 'set'; readonly values: WrittenValues }
  /** Brings the value that is there into another form, as the actions that "format data" do. Nothing where there is none. */
  | { readonly do: 'rewrite'; readonly field: string; readonly as: Rewriting }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'mail';
      /** The field with the address. */
      readonly to: string;
      readonly subject: string;
      /** Default `marketing`. What one person writes to another is not subject to the opt-out. */
      readonly sort?: MailSort;
    };

/** Without blanks at the ends and doubled ones; a number of E.164 without anything between its digits; each word with a capital. */
export type Rewriting = 'trimmed' | 'e164' | 'capitals';

export type MailSort = 'marketing' | 'one-to-one';

/** Who set an effect off: whoever made the first write of a chain. */
export type Cause =
  /** A request with the token of an app. */
  | { readonly by: 'api'; readonly app: string }
  /** `writeAs`. */
  | { readonly by: 'person' | 'integration'; readonly id: string }
  /** A page where people write without a token. */
  | { readonly by: 'form'; readonly id: string };

interface EffectOf {
  /** The id of the automation. */
  readonly automation: string;
  readonly object: string;
  readonly key: string;
  /** When it was due, in milliseconds since 1970. */
  readonly at: number;
  readonly because: Cause;
}

/** A record was taken by an automation. */
export interface Enrolment extends EffectOf {
  readonly kind: 'enrolment';
}

/** An automation wrote a field. One that changes nothing is none. */
export interface WriteEffect extends EffectOf {
  readonly kind: 'write';
  readonly field: string;
  /** What it was to become; null where it was emptied. */
  readonly value: string | null;
  /** Why the account took it not, where it did not. */
  readonly refused?: string;
}

/** A mail in the outbox: nothing ever leaves the machine. */
export interface MailEffect extends EffectOf {
  readonly kind: 'mail';
  /** The address; null where the field is empty. */
  readonly to: string | null;
  readonly subject: string;
  readonly sort: MailSort;
  /** Why it was not sent, where it was not. */
  readonly withheld?: 'opted-out' | 'no-address';
}

/** Something that an account did by itself. */
export type Effect = Enrolment | WriteEffect | MailEffect;

/** What every sandbox does with automations. */
export interface Automated {
  /** The app whose token is `token`, as `because` of an effect names it. */
  readonly app: string;
  /** Adds an automation, or replaces the one of that id. Throws for fields and object types that are not there. */
  automate(automation: Automation): void;
  /** All of them, in the order in which they were added. */
  automations(): readonly Automation[];
  /** Everything that automations did so far, oldest first. */
  effects(): readonly Effect[];
  /** Forgets the effects so far; who is on the way through an automation stays so. */
  resetEffects(): void;
  /** Runs what is due within the next `ms`, as if they had passed. The clock stays as it is. */
  elapse(ms: number): void;
}
