import { defined } from './defined.js';

/**
 * The one error class of runback and the one table of its codes.
 *
 * A code is permanent: scripts match on it. Its exit status lives here and nowhere else; the table in
 * `docs/errors.md` is generated from it.
 */

/** Exit statuses of the process, by meaning. The only place where the numbers stand. */
export const EXIT = {
  done: 0,
  failed: 1,
  differences: 2,
  partial: 3,
  credentials: 4,
  personNeeded: 5,
  refused: 6,
  notFound: 10,
  locked: 11,
  usage: 64,
  badFile: 65,
  interrupted: 130,
} as const;

/** One of the exit statuses of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CodeEntry {
  readonly exit: ExitCode;
  /** One line for the generated table: when this is raised. */
  readonly when: string;
}

/** Every error code: its exit status and when it is raised. Add here first, then use. */
export const ERROR_CODES = {
  bug: { exit: EXIT.failed, when: 'something unexpected happened' },
  usage: { exit: EXIT.usage, when: 'a command was called with wrong words or flags' },
  interrupted: { exit: EXIT.interrupted, when: 'a person or a signal stopped the work' },
  'not-found': { exit: EXIT.notFound, when: 'no run, snapshot, plan, runbook, platform or record has that name' },
  ambiguous: { exit: EXIT.usage, when: 'the beginning of an id fits more than one' },
  'person-needed': { exit: EXIT.personNeeded, when: 'a person has to decide, and there is no terminal' },
  locked: { exit: EXIT.locked, when: 'another run holds the platform or the workspace' },
  fenced: { exit: EXIT.locked, when: 'this process lost its lock: it was stopped for longer than its lease, or another one took over' },

  'workspace-missing': { exit: EXIT.notFound, when: 'no runback.yml was found here or above' },
  'file-invalid': { exit: EXIT.badFile, when: 'a YAML or JSON file does not match its format' },
  'file-unreadable': { exit: EXIT.badFile, when: 'a file cannot be opened or read' },
  'secret-missing': { exit: EXIT.credentials, when: 'a secret reference points to nothing' },
  'secret-literal': { exit: EXIT.badFile, when: 'a secret is written in a file in plain text' },
  'expression-invalid': { exit: EXIT.badFile, when: 'an expression does not parse, or names something unknown' },

  'journal-damaged': { exit: EXIT.badFile, when: 'a line before the last one of a journal is damaged, or its chain of hashes does not match' },
  'document-damaged': { exit: EXIT.badFile, when: 'a state document is not what runback wrote' },
  'journal-regressed': {
    exit: EXIT.badFile,
    when: 'a journal ends before a line that was on record: an older copy of the state was put in its place',
  },
  'store-away': { exit: EXIT.partial, when: 'the database that holds the state does not answer' },
  'store-moved': { exit: EXIT.refused, when: 'the state was moved to another place, or is on its way there' },
  'disk-full': { exit: EXIT.partial, when: 'the disk, or the storage of snapshots, has no room left' },
  'disk-denied': { exit: EXIT.partial, when: 'a state folder or file cannot be written' },
  'disk-failed': { exit: EXIT.partial, when: 'the disk reported an error, so its state is unknown' },

  'auth-missing': { exit: EXIT.credentials, when: 'the platform was given no credentials' },
  'auth-refused': { exit: EXIT.credentials, when: 'the platform refuses the credentials' },
  'scope-missing': { exit: EXIT.credentials, when: 'the credentials lack a permission' },
  'platform-unreachable': { exit: EXIT.partial, when: 'the platform does not answer' },
  'platform-limit': { exit: EXIT.partial, when: 'the platform kept rate-limiting us longer than the allowed wait' },
  'platform-incomplete': { exit: EXIT.partial, when: 'the platform answered only part of a request, also when asked again' },
  'platform-nonsense': { exit: EXIT.partial, when: 'the platform gave a response that does not match its own API' },
  'platform-rejected': { exit: EXIT.failed, when: 'the platform refuses a request permanently' },
  'connector-broken': { exit: EXIT.failed, when: 'a connector broke a promise of the connector contract; the platform is not at fault' },
  'object-unsupported': { exit: EXIT.usage, when: 'the platform has no such object type, or it cannot be handled' },

  'fault-impossible': { exit: EXIT.failed, when: 'the fault of a drill cannot take effect on its stage' },
  'disturbance-left': { exit: EXIT.partial, when: 'what a test disturbed could not be brought back: it may still be disturbed' },
  'stage-refused': { exit: EXIT.refused, when: 'a drill or a restore test was to be staged on what is, or may be, production, or is not empty' },
  'wrong-account': { exit: EXIT.refused, when: 'the platform is not the account that was declared' },
  'wrong-environment': { exit: EXIT.refused, when: 'the platform is not the environment that was declared' },
  'confirmation-wrong': { exit: EXIT.refused, when: 'the typed confirmation does not match the plan' },
  'confirmation-missing': { exit: EXIT.personNeeded, when: 'a destructive action was not confirmed' },
  'plan-tampered': { exit: EXIT.refused, when: 'a plan was changed after it was made' },
  'plan-stale': { exit: EXIT.refused, when: 'a plan is older than its limit' },
  'plan-other-account': { exit: EXIT.refused, when: 'a plan belongs to another account or environment' },
  'over-limit': { exit: EXIT.refused, when: 'more records would be written than the limits allow without approval' },
  unattributed: { exit: EXIT.refused, when: 'changes that nothing ties to the incident need an explicit yes' },
  'not-authorised': { exit: EXIT.refused, when: 'the person may not allow this' },
  'restore-stopped': { exit: EXIT.partial, when: 'a restore stopped itself: the canary batch or a rate went wrong' },
  'restore-incomplete': { exit: EXIT.partial, when: 'a restore is not finished; it can be resumed' },
  'rehearsal-failed': { exit: EXIT.differences, when: 'a rehearsed plan did not put back what it says, changed more, or could not be undone' },
  'not-verified': { exit: EXIT.differences, when: 'the platform does not hold what the plan says' },

  'storage-unreachable': { exit: EXIT.partial, when: 'the storage of snapshots does not answer' },
  'storage-refused': { exit: EXIT.credentials, when: 'the storage of snapshots refuses the credentials or what was sent' },
  'storage-unsafe': { exit: EXIT.refused, when: 'the storage of snapshots does not keep what is relied on' },
  'snapshot-damaged': { exit: EXIT.badFile, when: 'bytes of a snapshot are not what was written' },
  'snapshot-encrypted': { exit: EXIT.badFile, when: 'a snapshot is encrypted, and no key here opens it' },
  'snapshot-foreign': { exit: EXIT.badFile, when: 'a file is not a runback snapshot, or names or sizes in it are unsafe' },
  'snapshot-newer': { exit: EXIT.badFile, when: 'a snapshot was made by a later version of runback' },
  'snapshot-replaced': { exit: EXIT.refused, when: 'a snapshot is not the file that was recorded when it was made' },
  'snapshot-unrecorded': { exit: EXIT.personNeeded, when: 'nothing was recorded of a snapshot when it was made; a person has to adopt it' },
  'snapshots-swapped': { exit: EXIT.refused, when: 'the base snapshot was taken after the snapshot of the damage' },
  'snapshot-needed': { exit: EXIT.refused, when: 'a snapshot was to be deleted that another one builds on' },
  'backup-stopped': { exit: EXIT.failed, when: 'a backup job was stopped: its window closed, or it came to the half of the day that is for others' },
  'backup-failing': {
    exit: EXIT.failed,
    when: 'a backup job failed, has no complete snapshot as young as its target, or its restores are not proven',
  },
  'restore-not-proven': { exit: EXIT.differences, when: 'a restore test did not bring back what the snapshot holds, or took too long' },
  'snapshot-pinned': { exit: EXIT.refused, when: 'a pinned snapshot was to be deleted' },
  'sync-failed': { exit: EXIT.partial, when: 'a sync could not be paused, resumed or checked' },
  'automations-running': { exit: EXIT.refused, when: 'an automation that reacts to what a restore writes is not paused, and nobody accepted that' },
  'drain-timeout': { exit: EXIT.partial, when: 'a paused sync still had work in flight when the wait ended' },
  'step-failed': { exit: EXIT.failed, when: 'a step of a runbook failed and its rule says stop' },
  'step-timeout': { exit: EXIT.partial, when: 'a step took longer than its limit' },
  'in-doubt': { exit: EXIT.personNeeded, when: 'an effect may or may not have happened and only a person can tell' },
  'undo-failed': { exit: EXIT.partial, when: 'an undo is not finished' },
} as const satisfies Record<string, CodeEntry>;

/** A permanent error code. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error carries beside its message. All of it may be shown to people. */
export interface ErrorDetails {
  /** Why it happened, one or two sentences. */
  readonly why?: string;
  /** What state things are in now: above all whether anything was written. */
  readonly state?: string;
  /** The next command to type, or the next thing to do. */
  readonly next?: string;
  /** Facts for scripts; secrets never belong here. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error that runback foresaw: what happened, why, the state now, what to do next. */
export class RunbackError extends Error {
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly state: string | undefined;
  readonly next: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RunbackError';
    this.code = code;
    this.why = details.why;
    this.state = details.state;
    this.next = details.next;
    this.data = details.data ?? {};
  }

  /** The exit status this error ends the process with. */
  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exit;
  }
}

/** What an error carries beside its message and code, for another one that says the same in other words. */
export function detailsOf(error: RunbackError): ErrorDetails {
  const { why, state, next, data } = error;
  return { ...defined({ why, state, next }), data };
}

/** True for an error of ours, optionally of one of some codes. */
export function isRunbackError(error: unknown, ...codes: readonly ErrorCode[]): error is RunbackError {
  return error instanceof RunbackError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Turns file system failures into our errors (`disk-full`, `disk-denied`, `file-unreadable`); passes everything else on
 * unchanged.
 */
export function fromFileSystem(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new RunbackError('disk-full', `No room left while writing ${path}`, {
      state: 'What was written before is intact; nothing was half-written.',
      next: 'Free some space, then run the same command again or resume.',
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new RunbackError('disk-denied', `Not allowed to write ${path}`, {
      why: `The system answered ${code}.`,
      state: 'Nothing was changed.',
      next: 'Give this user write access to that folder, or choose another workspace with --workspace.',
      cause: error,
    });
  if (code === 'EMFILE' || code === 'ENFILE')
    return new RunbackError('disk-denied', `Cannot open ${path}: too many files are open already`, {
      why: `The system answered ${code}.`,
      state: 'What was written before is intact; nothing was half-written.',
      next: 'Allow more (ulimit -n 1024), then run the same command again or resume.',
      cause: error,
    });
  if (code === 'EIO')
    return new RunbackError('disk-failed', `The disk failed at ${path}`, {
      why: 'The system reports an input/output error.',
      state: 'What was confirmed before is intact as far as the disk holds it.',
      next: 'Check the disk, then run the same command again or resume.',
      cause: error,
    });
  return error;
}
