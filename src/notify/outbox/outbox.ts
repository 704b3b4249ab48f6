import type { Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Channel, Delivery, Page } from '../channel.js';

/** One try at sending a page. */
export interface Attempt {
  /** From 1. */
  readonly n: number;
  /** ISO 8601. */
  readonly at: string;
  /** `started`: begun, and nothing known of how it ended. */
  readonly state: 'started' | Delivery['state'];
  readonly why?: string;
  /** Names of what has to be set before the channel works. */
  readonly needs?: readonly string[];
  readonly receipt?: Readonly<Record<string, string>>;
}

/** A page and what has become of it. */
export interface PageRecord {
  readonly page: Page;
  /** `withdrawn`: nobody wanted it any more before it was sent. `failed`: for good; a dead letter. */
  readonly state: 'queued' | 'accepted' | 'failed' | 'withdrawn';
  readonly attempts: readonly Attempt[];
  /** Key of the bundle that stands for it. */
  readonly bundle?: string;
}

export interface OutboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Who takes leases: a process id or job name. */
  readonly by: string;
  /**
   * The channel of that name, opened once; throws where it cannot be opened (the page then fails for good, with the
   * reason).
   */
  readonly channel: (name: string) => Promise<Channel>;
  /** Caps by target; see `Escalation.caps`. */
  readonly caps: { readonly burst: number; readonly everyMs: number };
  /** Whether the page still has to be sent: asked just before each attempt. */
  readonly wanted?: (page: Page) => Promise<boolean>;
  /**
   * Keys of earlier pages to the same channel: while another process is sending one of them, the page waits, so that
   * what a service is told last is what was so last.
   */
  readonly after?: (page: Page) => Promise<readonly string[]>;
  /**
   * Called before a page's end is written down, so that whoever waits for it is told at least once; called again later
   * where it throws. Not for a bundle itself, but for each of its members.
   */
  readonly beforeSettled?: (record: PageRecord) => Promise<void>;
  /** Called once the end is written down: whoever looked between the two calls found nothing, and has to look again. */
  readonly afterSettled?: (record: PageRecord) => Promise<void>;
  /** Called with the key of a page whose record cannot be read: whoever put it in may put it in again. */
  readonly damaged?: (key: string) => Promise<void>;
  /** Longest time one attempt may take. Default 30 s. */
  readonly attemptTimeoutMs?: number;
  /** How long after its first attempt a page is given up. Default 1 hour. */
  readonly giveUpAfterMs?: number;
  /** Most attempts at once over one channel. Default 8. */
  readonly concurrency?: number;
}

/**
 * Pages on their way. A page that was put in is sent at least once or ends as a visible dead letter; a crash can repeat
 * it (same key, marked as a repetition) and never lose it (guarantee G19). One slow address or channel holds up no
 * other (G20).
 */
export interface Outbox {
  /**
   * On disk when it resolves. A page whose key is there is not put in again, unless its record cannot be read: then as
   * one that may have gone.
   */
  put(page: Page): Promise<void>;
  /** Begins what is due and returns without waiting for it to end. Never throws for what one page does. */
  tick(): Promise<void>;
  /** Resolves when no attempt is under way. */
  idle(): Promise<void>;
  read(key: string): Promise<PageRecord | undefined>;
  /**
   * Takes a settled page out, once its end is on record elsewhere. Throws `bug` for one still on its way. Dead letters
   * stay listed until they are dismissed.
   */
  forget(key: string): Promise<void>;
  /** Pages that failed permanently, oldest first. */
  deadLetters(): Promise<readonly PageRecord[]>;
  dismiss(key: string): Promise<void>;
  /**
   * Stops attempts under way (they count as unknown, and are repeated by whoever opens the outbox next). Channels stay
   * open: they are the caller's.
   */
  close(): Promise<void>;
}
