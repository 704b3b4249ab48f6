import type { Proof } from '../../drills/index.js';
import type { EvidenceReport, Finding, Runbook } from '../../runbooks/index.js';
import { runStateWords } from './run.js';
import { count, counted, facts, table, time } from './text/format.js';
import type { Style } from './text/style.js';
import { plainText, visible, visibleLines } from './text/visible.js';
import { wrap } from './text/width.js';

/** What drills have shown of a runbook, in words. */
export function proofText(proof: Proof, style: Style): string {
  switch (proof.state) {
    case 'never':
      return 'never proven by a drill';
    case 'proven':
      return `last proven ${time(proof.at, style)}`;
    case 'changed':
      return `changed since it was last proven ${time(proof.at, style)}`;
    case 'failed':
      return `its drill ${proof.drill} failed ${time(proof.at, style)}`;
  }
}

/** A runbook of the workspace: read, with what drills have shown of it, or why it cannot be used. */
interface ListedRunbook {
  readonly id: string;
  readonly runbook?: Runbook;
  readonly proof?: Proof;
  readonly problem?: string;
}

/** Runbooks of the workspace: title first, then when to use it. */
export function runbookList(files: readonly ListedRunbook[], style: Style): string {
  if (files.length === 0) return 'No runbook here. Runbooks are YAML files in the folder runbooks/.';
  return files
    .map(({ id, runbook, proof, problem }) => {
      if (!runbook)
        return `${style.glyph.failed} ${id}: cannot be used\n  ${visibleLines(problem ?? '').split('\n')[0] ?? ''}\n  See: runback runbook lint ${id}`;
      const symptoms = (runbook.document.symptoms ?? []).map((symptom) =>
        wrap(visible(`- ${symptom}`), style.width - 2)
          .map((line) => `  ${line}`)
          .join('\n'),
      );
      const proved = proof === undefined ? [] : [`  ${proof.state === 'proven' ? style.glyph.done : style.glyph.warning} ${proofText(proof, style)}`];
      return [style.chalk.bold(visible(runbook.title)), ...symptoms, ...proved, `  runback runbook run ${id}`].join('\n');
    })
    .join('\n\n');
}

/** One runbook: what it asks, what it does. */
export function runbookText(runbook: Runbook, style: Style): string {
  const { document } = runbook;
  const pairs: [string, string][] = [
    ['Runbook', runbook.id],
    ...(document.summary === undefined ? [] : [['About', visibleLines(document.summary.trim())] as [string, string]]),
    ...(document.symptoms ?? []).map((symptom, i): [string, string] => [i === 0 ? 'Use it when' : '', visible(symptom)]),
    ...Object.entries(document.inputs ?? {}).map(([name, input]): [string, string] => [
      `Input ${name}`,
      `${visible(input.prompt)}${input.default === undefined ? '' : ` (default: ${visible(plainText(input.default))})`}`,
    ]),
    ['File', runbook.file],
  ];
  const steps = runbook.steps.map((step, i) => [String(i + 1), visible(step.document.title), step.document.action ?? step.kind]);
  return `${style.chalk.bold(visible(runbook.title))}\n${facts(pairs, style)}\n\n${table([{ title: '', align: 'right' }, { title: 'Step', shrink: true }, { title: 'How' }], steps, style)}`;
}

/** What lint found, by file and line. */
export function findingsText(findings: readonly Finding[], files: number, style: Style): string {
  const lines = findings.map((finding) => {
    const mark = finding.severity === 'error' ? `${style.glyph.failed} error` : `${style.glyph.warning} warning`;
    return `${mark}  ${finding.file}:${finding.line}:${finding.column}  ${visible(finding.message)}  (${finding.rule})`;
  });
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  const end =
    findings.length === 0
      ? `${style.glyph.done} ${counted(files, 'runbooks')} in order`
      : `${counted(errors, 'errors')}, ${counted(findings.length - errors, 'warnings')} in ${counted(files, 'runbooks')}`;
  return [...lines, end].join('\n');
}

const FILE_WORDS: Readonly<Record<EvidenceReport['files'][number]['state'], string>> = {
  same: 'unchanged',
  changed: 'changed since it was saved',
  gone: 'can no longer be read',
};

/** Whether a run's journal is what was written. */
export function evidenceText(report: EvidenceReport, style: Style): string {
  const journalOk = report.problem === undefined && report.runbookOk;
  const verdict = journalOk
    ? `${style.glyph.done} The journal is intact: ${counted(report.lines, 'lines')}, each linked to the one before`
    : `${style.glyph.failed} The journal was changed or is damaged${report.problem === undefined ? '' : ` at line ${report.problem.line}: ${visible(report.problem.why)}`}`;
  const pairs: [string, string][] = [
    ['Run', report.run],
    ['State', runStateWords(report.view.state)],
    ['People', visible(report.people.join(', '))],
    ...report.takeovers.map((takeover): [string, string] => [
      'Taken over',
      `${time(takeover.at, style)} by ${visible(takeover.to)} from ${visible(takeover.from)}`,
    ]),
    ['Runbook text', report.runbookOk ? 'the one the run was started with' : 'not the one the run was started with'],
    ...(report.repairs === 0
      ? []
      : [['Repairs', `${counted(report.repairs, 'times')} an incomplete last line was removed after a crash`] as [string, string]]),
    ...(report.approvals.length === 0 ? [] : [['Approvals', approvalCounts(report.approvals)] as [string, string]]),
    ...report.files.map(({ path, sha256, state }, i): [string, string] => [
      i === 0 ? 'Files kept' : '',
      `${style.glyph[state === 'same' ? 'done' : 'failed']} ${FILE_WORDS[state]}, sha256 ${sha256.slice(0, 12)}…: ${visible(path)}`,
    ]),
    ['Last hash', report.lastHash],
    ['Compare it', 'with the last hash in the report of the run: only that shows whether the journal was cut short'],
  ];
  return `${verdict}\n${facts(pairs, style)}`;
}

/** How many approvals a signature proves; who gave them is shown with the run. */
function approvalCounts(approvals: EvidenceReport['approvals']): string {
  const signed = approvals.filter((approval) => approval.authenticated).length;
  return `${count(signed)} signed, ${count(approvals.length - signed)} unauthenticated`;
}
