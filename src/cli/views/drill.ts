import { byRunbook, CHECK_WORDS, type CheckName, type DrillFile, type DrillResult, verdictWords } from '../../drills/index.js';
import type { RunbackError } from '../../lib/index.js';
import { peopleLines } from './game-day.js';
import { counted, facts, span, table, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** Cells of the longest bar. */
const BAR_CELLS = 24;

/** A drill that could not be staged. */
interface Unstaged {
  readonly drill: string;
  readonly error: RunbackError;
}

/** One line for a drill that has ended. */
export function drillLine(result: DrillResult | Unstaged, style: Style): string {
  if (!('passed' in result)) return `${style.glyph.failed} ${result.drill}: ${visible(result.error.message)}: ${visible(result.error.why ?? '')}`;
  const wrong = result.checks.filter(({ passed }) => !passed).map(({ name }) => CHECK_WORDS[name]);
  const because = wrong.length === 0 ? '' : ` (${wrong.join(', ')})`;
  return `${style.glyph[result.passed ? 'done' : 'failed']} ${result.drill}: ${verdictWords(result)}${because}, ${span(result.recoveryMs)}`;
}

/** Everything that one drill proved. */
export function scorecardText(result: DrillResult, style: Style): string {
  const { checks, run, runbook, stage, examples, mustFail, people } = result;
  const lines = checks.map((check): [string, string] => [
    CHECK_WORDS[check.name],
    `${style.glyph[check.passed ? 'done' : 'failed']} ${visible(check.found)} (wanted: ${check.wanted})`,
  ]);
  const disturbed = [
    run.kills === 0 ? '' : `killed ${counted(run.kills, 'times', 'time')}`,
    run.resumes === 0 ? '' : `resumed ${counted(run.resumes, 'times', 'time')}`,
  ];
  return [
    style.chalk.bold(`${visible(result.title)}: ${verdictWords(result)}`),
    facts(
      [
        ['runbook', `${visible(runbook.title)} (${runbook.id})`],
        ['staged in', stage.label],
        ['run', [run.state, ...disturbed.filter((text) => text !== '')].join(', ')],
        ...lines,
        ...(mustFail === undefined ? [] : [['built to fail', mustFail.map((name) => CHECK_WORDS[name as CheckName]).join(', ')] as const]),
        ...(result.byHand ?? []).map(({ title, ms }): [string, string] => ['step', `${visible(title)}: ${span(ms)}`]),
        ['when', time(result.startedAt, style)],
      ],
      style,
    ),
    ...examples.map((example) => `  ${visible(example)}`),
    ...(people === undefined ? [] : peopleLines(people, style)),
  ].join('\n');
}

/** Many drills at one glance. */
export function drillsText(results: readonly DrillResult[], unstaged: readonly Unstaged[], style: Style): string {
  const failed = results.filter(({ passed }) => !passed).length + unstaged.length;
  const found = (result: DrillResult, name: CheckName): string => result.checks.find((check) => check.name === name)?.found ?? '';
  return [
    table(
      [{ title: 'drill' }, { title: 'runbook' }, { title: 'repaired' }, { title: 'innocent' }, { title: 'time' }, { title: 'verdict' }],
      results.map((result) => [
        result.drill,
        result.runbook.id,
        found(result, 'repaired'),
        found(result, 'innocent_changed'),
        span(result.recoveryMs),
        verdictWords(result),
      ]),
      style,
    ),
    ...unstaged.map((one) => drillLine(one, style)),
    failed === 0
      ? `${style.glyph.done} ${counted(results.length, 'drills')} proved what they are there for.`
      : `${style.glyph.failed} ${counted(failed, 'drills')} did not prove what ${failed === 1 ? 'it is' : 'they are'} there for.`,
  ].join('\n');
}

/** The drills there are. */
export function drillList(
  files: readonly DrillFile[],
  last: ReadonlyMap<string, { readonly startedAt: string; readonly passed: boolean }>,
  style: Style,
): string {
  if (files.length === 0) return 'No drill here. Drills are YAML files in the folder drills/.';
  return files
    .map(({ id, drill, problem }) => {
      if (drill === undefined) return `${style.glyph.failed} ${id}: cannot be used\n  ${visible((problem ?? '').split('\n')[0] ?? '')}`;
      const result = last.get(id);
      const when = result === undefined ? 'never run' : `${result.passed ? 'passed' : 'failed'} ${time(result.startedAt, style)}`;
      return [
        style.chalk.bold(visible(drill.title)),
        `  ${drill.faults.map(({ fault }) => fault.kind).join(', ')}; runbook ${visible(drill.document.runbook)}; ${when}`,
        `  runback drill run ${id}`,
      ].join('\n');
    })
    .join('\n\n');
}

/** How long it took to recover, drill after drill, with a bar for each. */
export function historyText(results: readonly DrillResult[], style: Style): string {
  if (results.length === 0) return 'No drill was run here yet. Run them with: runback drill run --all';
  const most = Math.max(...results.map(({ recoveryMs }) => recoveryMs));
  const bar = (ms: number): string => style.glyph.bar.repeat(Math.max(1, Math.round((ms / most) * BAR_CELLS)));
  return byRunbook(results)
    .map(([runbook, own]) =>
      [
        style.chalk.bold(runbook),
        ...own.map((result) => {
          const { startedAt, recoveryMs, drill, passed } = result;
          const findings = result.people?.findings.length ?? 0;
          return `  ${startedAt.slice(0, 10)}  ${style.glyph[passed ? 'done' : 'failed']} ${bar(recoveryMs)} ${span(recoveryMs)}  ${visible(drill)}: ${verdictWords(result)}${findings === 0 ? '' : `, ${counted(findings, 'findings')}`}`;
        }),
      ].join('\n'),
    )
    .join('\n\n');
}
