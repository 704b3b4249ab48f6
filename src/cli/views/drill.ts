import type { Check, DrillResult } from '../../drills/index.js';
import type { RunbackError } from '../../lib/index.js';
import { counted, facts, span, table, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What the checks of a scorecard are called on the screen. */
const CHECK_WORDS: Readonly<Record<Check['name'], string>> = {
  took_effect: 'the failure took effect',
  ended: 'the run came to its end',
  repaired: 'damage repaired',
  innocent_changed: 'innocent cells changed',
  edits_kept: 'legitimate edits kept',
  links: 'damaged links',
  consent: 'opt-outs',
  duplicates: 'superfluous records',
  side_effects: 'side effects',
  paused_while_written: 'syncs while it wrote',
  resumed_after_verification: 'syncs started again',
  syncs_as_before: 'syncs in the end',
  recovery_time: 'time to recover',
  data_loss_window: 'data-loss window',
};

/** A drill that could not be staged. */
interface Unstaged {
  readonly drill: string;
  readonly error: RunbackError;
}

const verdictOf = ({ passed, mustFail }: DrillResult): string =>
  mustFail === undefined ? (passed ? 'passed' : 'failed') : passed ? 'failed as it must' : 'did not fail as it must';

/** One line for a drill that has ended. */
export function drillLine(result: DrillResult | Unstaged, style: Style): string {
  if (!('passed' in result)) return `${style.glyph.failed} ${result.drill}: ${visible(result.error.message)}: ${visible(result.error.why ?? '')}`;
  const wrong = result.checks.filter(({ passed }) => !passed).map(({ name }) => CHECK_WORDS[name]);
  const because = wrong.length === 0 ? '' : ` (${wrong.join(', ')})`;
  return `${style.glyph[result.passed ? 'done' : 'failed']} ${result.drill}: ${verdictOf(result)}${because}, ${span(result.recoveryMs)}`;
}

/** Everything that one drill proved. */
export function scorecardText(result: DrillResult, style: Style): string {
  const { checks, run, runbook, stage, examples, mustFail } = result;
  const lines = checks.map((check): [string, string] => [
    CHECK_WORDS[check.name],
    `${style.glyph[check.passed ? 'done' : 'failed']} ${visible(check.found)} (wanted: ${check.wanted})`,
  ]);
  const disturbed = [
    run.kills === 0 ? '' : `killed ${counted(run.kills, 'times', 'time')}`,
    run.resumes === 0 ? '' : `resumed ${counted(run.resumes, 'times', 'time')}`,
  ];
  return [
    style.chalk.bold(`${visible(result.title)}: ${verdictOf(result)}`),
    facts(
      [
        ['runbook', `${visible(runbook.title)} (${runbook.id})`],
        ['staged in', stage.label],
        ['run', [run.state, ...disturbed.filter((text) => text !== '')].join(', ')],
        ...lines,
        ...(mustFail === undefined ? [] : [['built to fail', mustFail.map((name) => CHECK_WORDS[name as Check['name']]).join(', ')] as const]),
        ['when', time(result.startedAt, style)],
      ],
      style,
    ),
    ...examples.map((example) => `  ${visible(example)}`),
  ].join('\n');
}

/** Many drills at one glance. */
export function drillsText(results: readonly DrillResult[], unstaged: readonly Unstaged[], style: Style): string {
  const failed = results.filter(({ passed }) => !passed).length + unstaged.length;
  const found = (result: DrillResult, name: Check['name']): string => result.checks.find((check) => check.name === name)?.found ?? '';
  return [
    table(
      [{ title: 'drill' }, { title: 'runbook' }, { title: 'repaired' }, { title: 'innocent' }, { title: 'time' }, { title: 'verdict' }],
      results.map((result) => [
        result.drill,
        result.runbook.id,
        found(result, 'repaired'),
        found(result, 'innocent_changed'),
        span(result.recoveryMs),
        verdictOf(result),
      ]),
      style,
    ),
    ...unstaged.map((one) => drillLine(one, style)),
    failed === 0
      ? `${style.glyph.done} ${counted(results.length, 'drills')} proved what they are there for.`
      : `${style.glyph.failed} ${counted(failed, 'drills')} did not prove what they are there for.`,
  ].join('\n');
}
