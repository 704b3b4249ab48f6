/** How far a long piece of work has come. Counts are of `unit`, never of bytes unless the unit says so. */
export interface Progress {
  /** What is being done, in words a person reads: `Reading contacts`. */
  readonly task: string;
  readonly done: number;
  /** Absent when it cannot be known beforehand. */
  readonly total?: number;
  /** Plural noun: `records`, `requests`, `bytes`. */
  readonly unit: string;
}

/** A wait that the person should see: a rate limit, a retry, a drain. */
export interface Wait {
  /** Why we wait, as a whole sentence without the full stop: `HubSpot limits us to 100 requests in 10 s`. */
  readonly reason: string;
  readonly ms: number;
}

/**
 * Where code below the command line tells what it is doing. Calls are cheap, synchronous and never throw;
 * a view throttles them.
 */
export interface Reporter {
  progress(progress: Progress): void;
  waiting(wait: Wait): void;
  /** Something a person should know that is not an error. */
  note(message: string): void;
}

/** A reporter for which nobody watches. */
export const silentReporter: Reporter = { progress: () => {}, waiting: () => {}, note: () => {} };

/** What every call that may take long accepts. */
export interface CallOptions {
  /** Aborting rejects with the signal's reason at the next safe point. */
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}
