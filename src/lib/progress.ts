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

/** What has to hold where something is sent that changes a platform: a lock that another process may have by now. */
export interface SendGuard {
  /** Makes sure of it, and asks whoever knows where need be. Rejects where it does not hold. */
  confirm(): Promise<void>;
  /**
   * Milliseconds for which it holds for certain. Asks nobody: for the moment just before something is sent. Throws where
   * it does not hold, and then nothing is sent.
   */
  left(): number;
  /** What is under way has to end when it holds no longer: another process acts at once then. */
  readonly expires: boolean;
}

/** What every call that may take long accepts. */
export interface CallOptions {
  /** Aborting rejects with the signal's reason at the next safe point. */
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
  /** Looked at just before each request or commit is sent; what rejects then has sent nothing. */
  readonly guard?: SendGuard;
}
