import type { CallOptions } from '../progress.js';
import type { Clock } from '../time/clock.js';
import type { Environment } from './proxy.js';

/** One request, of JSON unless it says otherwise. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, beginning with `/`. */
  readonly path: string;
  /** Sent as JSON; absent means no body. */
  readonly body?: unknown;
  /** Sent as it is instead of `body`, where the very bytes matter or it is no JSON. */
  readonly raw?: { readonly type: string; readonly text: string | Uint8Array };
  /** Beside those of the client, for this request alone. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * For services whose answers are not always JSON: any text is an answer (`body` is then that text), and so is a
   * redirection, which is never followed.
   */
  readonly anyAnswer?: boolean;
  /** The body of an answer of success is taken as it is, a Buffer; that of an error is text. */
  readonly bytes?: boolean;
  /**
   * True where doing it twice is the same as doing it once and nobody could tell: then lost answers and answers of
   * trouble ({@link HttpOptions.trouble}) are tried again. Where false, only requests that certainly had no effect are
   * (not sent, 429).
   */
  readonly repeatable: boolean;
  /** Name of the limit it counts under, handed to the {@link RateGate}. */
  readonly lane?: string;
  /** What a 2xx body must satisfy; a body that does not is treated as if the answer had been lost. */
  readonly valid?: (body: unknown) => boolean;
}

/** The other side answered with a whole, readable HTTP message. */
export interface HttpAnswer {
  readonly kind: 'answered';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Parsed JSON; undefined where there was no body or it was not JSON (its text, with {@link HttpRequest.anyAnswer}).
   */
  readonly body: unknown;
  /**
   * An error whose body is not JSON: a page of something that stands in between, perhaps, and not the word of the
   * service itself.
   */
  readonly page?: true;
}

/** What an error answer means that is neither a refusal nor a limit on requests: the other side says "not now". */
export interface Trouble {
  /** False where certainly nothing was done: then any request may be tried again, also one that is not repeatable. */
  readonly mayHaveHappened: boolean;
  /** It lasts as long as it lasts: tried again until the longest wait is used up, however often. */
  readonly lasting?: true;
  /** Least milliseconds to wait. */
  readonly leastMs?: number;
}

/** How one request ended, after all tries. `message` is redacted and meant for people. */
export type HttpResult =
  | HttpAnswer
  /** It never left: nothing happened on the other side. */
  | { readonly kind: 'not_sent'; readonly message: string; readonly cause: unknown }
  /** It was sent, and what came back (nothing, half an answer, nonsense) does not tell whether it happened. */
  | {
      readonly kind: 'lost';
      readonly message: string;
      readonly cause?: unknown;
      /** An answer came, and it is not what was asked for: perhaps something else answers at that address. */
      readonly nonsense?: true;
    };

/**
 * Decides when requests may go. One per client; {@link RateGate.leave} is called exactly once for each `enter` that
 * resolved.
 */
export interface RateGate {
  /** Resolves when one more request may be sent; waits visibly. Rejects with the signal's reason. */
  enter(lane: string | undefined, call: CallOptions): Promise<void>;
  /** The request ended; with its answer, where there was one. */
  leave(lane: string | undefined, answer: HttpAnswer | undefined): void;
  /** Milliseconds to wait after a 429; undefined where no wait within reason helps. `attempt` counts from 1. */
  backOff(lane: string | undefined, answer: HttpAnswer, attempt: number): number | undefined;
}

/** Told of each request, for whoever counts them and asks how they follow each other. Never throws. */
export interface CallWatch {
  /** A request is sent now: nothing holds it back any more. What it gives is called when the request has ended. */
  began(lane: string | undefined): () => void;
}

/** Credentials that have to be fetched first, and again when they have expired. */
export interface HttpSession {
  /** Sent with a request, beside those of the client. Throws where there are none. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Others than the ones that were refused with 401; false where it will be refused again. Throws as `headers`. */
  renew(refused: Readonly<Record<string, string>>): Promise<boolean>;
}

/** Settings of a client for one origin. */
export interface HttpOptions {
  /** `https://api.example.com`, without a path. */
  readonly origin: string;
  /** What messages call the other side: `HubSpot`. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials that expire. */
  readonly session?: HttpSession;
  readonly clock: Clock;
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are looked up. */
  readonly environment: Environment;
  readonly gate?: RateGate;
  /** Which answers are trouble that may pass. Default: 408 and all from 500, which may have happened. */
  readonly trouble?: (answer: HttpAnswer) => Trouble | undefined;
  /** Takes secrets out of any text that leaves the client but the answers of success. */
  readonly redact?: (text: string) => string;
  /** Most requests at once. Default 8. */
  readonly concurrency?: number;
  /** Longest time one try may take. Default 30 s. */
  readonly tryTimeoutMs?: number;
  /** Longest time one request may spend waiting between its tries. Default 2 minutes. */
  readonly maxWaitMs?: number;
  /** Most tries after failures; waiting out a 429 is not a try. Default 6. */
  readonly maxTries?: number;
  /** Largest body that is read. Default 64 MiB. */
  readonly maxBodyBytes?: number;
  readonly watch?: CallWatch;
  /** Numbers from 0 to 1, for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** What a client has done so far. */
export interface HttpCounts {
  /** Requests that were handed to the network, tries included. */
  readonly requests: number;
  /** Tries after the first, among `requests`. */
  readonly retries: number;
  /** Answers of 429. */
  readonly limited: number;
}
