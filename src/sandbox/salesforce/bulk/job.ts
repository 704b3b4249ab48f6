import { ApiFailure } from '../failure.js';
import { timeOf } from '../state/record.js';

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Aborted' | 'Failed';

const DELIMITERS = { COMMA: ',', SEMICOLON: ';', TAB: '\t', PIPE: '|', CARET: '^', BACKQUOTE: '`' } as const;
const LINE_ENDINGS = { LF: '\n', CRLF: '\r\n' } as const;

/** What both kinds of jobs have. */
export interface Job {
  readonly id: string;
  readonly operation: string;
  readonly object: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly version: string;
  readonly columnDelimiter: keyof typeof DELIMITERS;
  readonly lineEnding: keyof typeof LINE_ENDINGS;
  state: JobState;
  /** When it will be done, once it is on its way. */
  dueAt: number;
  errorMessage?: string;
}

/** How the lines of its files are written. */
export const formatOf = ({ columnDelimiter, lineEnding }: Pick<Job, 'columnDelimiter' | 'lineEnding'>) => ({
  delimiter: DELIMITERS[columnDelimiter],
  lineEnding: LINE_ENDINGS[lineEnding],
});

/** The settings of a new job that have to do with its files. Throws for what is not known. */
export function formatAsked(body: Readonly<Record<string, unknown>>): Pick<Job, 'columnDelimiter' | 'lineEnding'> {
  const { columnDelimiter = 'COMMA', lineEnding = 'LF', contentType = 'CSV' } = body;
  if (contentType !== 'CSV') throw new ApiFailure(400, 'INVALIDJOB', `InvalidJob : Unsupported content type: ${String(contentType)}`);
  if (!Object.hasOwn(DELIMITERS, String(columnDelimiter)) || !Object.hasOwn(LINE_ENDINGS, String(lineEnding)))
    throw new ApiFailure(400, 'INVALIDJOB', 'InvalidJob : Unknown column delimiter or line ending');
  return { columnDelimiter: columnDelimiter as Job['columnDelimiter'], lineEnding: lineEnding as Job['lineEnding'] };
}

/** A job as its endpoints tell it. */
export function told(job: Job): Readonly<Record<string, unknown>> {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: job.userId,
    createdDate: timeOf(job.createdAt),
    systemModstamp: timeOf(job.createdAt),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.version),
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
    ...(job.errorMessage !== undefined && { errorMessage: job.errorMessage }),
  };
}

/** Throws unless a job is in one of the states. */
export function mustBe(job: Job, states: readonly JobState[]): void {
  if (!states.includes(job.state)) throw new ApiFailure(400, 'INVALIDJOBSTATE', `InvalidJobState : Job state is ${job.state}`);
}
