/** What one or several calls to another system came to, for whoever counts them. */
export interface CallNote {
  /** Name in runback.yml of the platform or sync. */
  readonly at: string;
  /** What was done: `read`, `update`, `status`. */
  readonly call: string;
  /** What it was about: an object type; empty where it is about all. */
  readonly of: string;
  /** `ok`, a code of an error, or why one change was refused. */
  readonly outcome: string;
  /** Default 1. */
  readonly count?: number;
  readonly status?: number;
  readonly field?: string;
  readonly message?: string;
  readonly correlationId?: string;
  /** Values that were sent: none of them may be kept, wherever the message repeats it. Asked for only where there is a message. */
  readonly sent?: () => Iterable<string>;
}

/** Told of each call. Cheap, and never throws. */
export interface CallLog {
  note(note: CallNote): void;
}
