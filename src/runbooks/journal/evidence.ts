import { defined, isRunbackError, RunbackError, sha256 } from '../../lib/index.js';
import type { JournalEntry, Store } from '../../store/index.js';
import type { RunView } from '../types.js';
import { isRunEntry } from './events.js';
import { checkFiles, type KeptFile, type KeptFileCheck } from './kept-files.js';
import { emptyRun, isClosed } from './run-record.js';
import { applyEntry } from './state.js';
import { viewOf } from './view.js';

/** Whether a run's journal is what was written. */
export interface EvidenceReport {
  readonly run: string;
  readonly ok: boolean;
  /** Lines that are whole and in their chain. */
  readonly lines: number;
  /** The first line that is not, from 1, and why. */
  readonly problem?: { readonly line: number; readonly why: string };
  /** Digest of the runbook text the run was started with; `runbookOk` says whether the text in the journal has it. */
  readonly runbookDigest?: string;
  readonly runbookOk: boolean;
  /** Everybody who did something, in order of appearance. */
  readonly people: readonly string[];
  /** Times an incomplete last line was removed after a crash. */
  readonly repairs: number;
  /** With the fingerprints of the keys that signed; `authenticated: false` where nothing proves who it was. */
  readonly approvals: RunView['approvals'];
  readonly takeovers: readonly { readonly at: string; readonly from: string; readonly to: string }[];
  /** Files that people kept as evidence, and whether they are still what they were. */
  readonly files: readonly KeptFileCheck[];
  readonly closed: boolean;
  /** Hash of the last good line: compare it with the one in the report of the run. */
  readonly lastHash: string;
  readonly view: RunView;
}

/**
 * Checks the journal of a run line by line (guarantee G6): the chain of hashes, the order, and the digest of the
 * runbook text. Changing, dropping or reordering any line is found and named, also at the end, where the head that is
 * kept beside the journal is there; without it a cut-off end is found by comparing `lastHash`, or because the run is
 * not closed. Throws `not-found`.
 */
export async function verifyEvidence(store: Store, id: string): Promise<EvidenceReport> {
  const journal = store.journal('runs', id);
  if (!(await journal.exists())) throw new RunbackError('not-found', `There is no run ${id}`, { next: 'runback runbook runs' });
  let run = emptyRun(id);
  let lines = 0;
  let repairs = 0;
  let problem: EvidenceReport['problem'];
  const people: string[] = [];
  const takeovers: { at: string; from: string; to: string }[] = [];
  const kept: KeptFile[] = [];
  try {
    for await (const entry of journal.read({ whole: true })) {
      problem = outOfPlace(entry, lines);
      if (problem) break;
      lines += 1;
      if (!people.includes(entry.by)) people.push(entry.by);
      if (entry.type === 'journal.repaired') repairs += 1;
      if (isRunEntry(entry) && entry.type === 'decision') kept.push(...(entry.data.kept ?? []));
      if (entry.type === 'takeover') takeovers.push({ at: entry.at, from: run.by, to: entry.by });
      run = applyEntry(run, entry);
    }
  } catch (error) {
    if (!isRunbackError(error, 'journal-damaged')) throw error;
    const { line } = error.data;
    problem = { line: typeof line === 'number' ? line : lines + 1, why: error.why ?? error.message };
  }
  const { text, digest } = run.created.runbook;
  const view = viewOf(run);
  const runbookOk = lines > 0 && sha256(text) === digest;
  const files = await checkFiles(kept);
  return {
    run: id,
    ok: problem === undefined && runbookOk && files.every(({ state }) => state === 'same'),
    files,
    lines,
    ...defined({ problem }),
    ...(digest === '' ? {} : { runbookDigest: digest }),
    runbookOk,
    people,
    repairs,
    approvals: view.approvals,
    takeovers,
    closed: isClosed(run),
    lastHash: run.lastHash,
    view,
  };
}

function outOfPlace(entry: JournalEntry, before: number): EvidenceReport['problem'] {
  if (entry.seq !== before + 1) return { line: before + 1, why: `it is numbered ${entry.seq}; ${before + 1} belongs here` };
  if (before === 0 && entry.type !== 'run.created') return { line: 1, why: `a run begins with run.created, not with ${entry.type}` };
  return undefined;
}
