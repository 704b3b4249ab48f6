/** What a page is for. `bundle` stands for several pages to one address. */
export type PageKind = 'alert' | 'acknowledged' | 'resolved' | 'update-due' | 'follow-up' | 'test' | 'bundle';

/** What a page says of its incident. */
export interface PageIncident {
  readonly id: string;
  readonly title: string;
  /** `sev1` (worst) to `sev4`. */
  readonly severity: string;
  /** What that severity means, in the words of escalation.yml. */
  readonly means: string;
  readonly openedAt: string;
}

/**
 * Where a page goes. `value` may be a reference (`env:MAYA_PHONE`): it is resolved when it is sent, and never stored in
 * clear.
 */
export interface Address {
  /** Name of the channel in escalation.yml. */
  readonly channel: string;
  /** Id of the person, where it is for one. */
  readonly person?: string;
  /** Name of the person, for greetings. */
  readonly name?: string;
  readonly medium: 'email' | 'sms' | 'voice' | 'channel';
  /** E-mail address or phone number; absent for `channel`. */
  readonly value?: string;
}

/** One message to one address. Plain JSON; holds no secret. */
export interface Page {
  /** Idempotency key: the same for every attempt. Safe as a file name, 120 characters at most. */
  readonly key: string;
  readonly kind: PageKind;
  /**
   * An alert where the last word was that somebody has it, and that no longer holds. A service that keeps an alert of
   * its own rings for it only once the acknowledged one is closed.
   */
  readonly anew?: true;
  /** Of a drill: nothing has happened. Subject, text and title of the incident say so already. */
  readonly drill?: true;
  readonly incident: PageIncident;
  readonly to: Address;
  /** One line, plain text. Channels cut it to what they allow. */
  readonly subject: string;
  /** Plain text, lines separated by newlines; no markup. Channels escape it and cut it to what they allow. */
  readonly text: string;
  /** Label and value, shown as a list. */
  readonly facts: readonly (readonly [string, string])[];
  /** Address of the status page of the incident, and of its confirming acknowledge page, where there is one. */
  readonly links: { readonly incident?: string; readonly acknowledge?: string };
  /** ISO 8601: when it became due. */
  readonly at: string;
}

/** How one attempt ended. `why` is for people and redacted. */
export type Delivery =
  /** The service took it. `receipt`: ids and times it gave. */
  | { readonly state: 'accepted'; readonly receipt: Readonly<Record<string, string>> }
  /** Trying again may help; also where the answer was lost: a page is sent at least once. */
  | { readonly state: 'transient'; readonly why: string; readonly retryAfterMs?: number }
  /** Trying again cannot help: wrong address, refused credentials, message refused for good. */
  | {
      readonly state: 'permanent';
      readonly why: string;
      /** Names of what has to be set before the channel works: `SLACK_URL`, `file:token`. */
      readonly needs?: readonly string[];
    };

export interface SendOptions {
  readonly signal: AbortSignal;
  /** From 1. From 2 on, an earlier attempt may have arrived: the message says so where people see it. */
  readonly attempt: number;
}

/**
 * The channel seam: one way to get a page to people or to a service.
 *
 * Promises of every driver:
 * - `send` never throws but for its signal's reason: every failure is a {@link Delivery};
 * - the page's key goes to the service as its idempotency key wherever it takes one, and into the message where it
 *   shows;
 * - all pages of an incident belong together: mail threads, one PagerDuty or Opsgenie alert by `incident.id`;
 * - text of pages is escaped for the service and cut to its limits, never in the middle of a character;
 * - no secret in results, errors or messages.
 */
export interface Channel {
  readonly name: string;
  readonly type: string;
  send(page: Page, options: SendOptions): Promise<Delivery>;
  close(): Promise<void>;
}

/** What is known of a kind of channel before one is opened. */
export interface ChannelTraits {
  readonly media: readonly Address['medium'][];
  /** Acceptance proves that the service has it and will tell people (a program or a terminal bell proves nothing). */
  readonly confirms: boolean;
  /** People read each message, so storms are bundled; a service that groups by itself gets every page. */
  readonly readByPeople: boolean;
  /** Wants to be told of acknowledgement and resolution too, under the same incident. */
  readonly followsLifecycle: boolean;
}
