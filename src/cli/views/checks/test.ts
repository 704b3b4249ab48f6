import {
  type Cleaned,
  type CheckResult,
  FIRING_VERDICTS,
  type LoadResult,
  type Mended,
  type PlaceResult,
  RECORD_VERDICTS,
  type StepResult,
  type TestFile,
  type TriggerResult,
  VERDICTS,
} from '../../../checks/index.js';
import { formatDuration } from '../../../lib/index.js';
import { count, counted, facts, span, table, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { folded } from '../text/width.js';
import { journeyExamples, journeyText, parallelExamples, parallelText } from './journey.js';

/** What one run of a test found. */
export function checkText(result: CheckResult, style: Style): string {
  const { title, passed, load, steps = [], trigger, journey, parallel, checks, startedAt, id } = result;
  const wrong = checks.filter((check) => !check.passed);
  return [
    style.chalk.bold(`${visible(title)}: ${passed ? 'as wanted' : 'not as wanted'}`),
    facts(
      [
        ...(load === undefined ? [] : submitted(load)),
        ...(trigger === undefined ? [] : tried(trigger)),
        ['when', time(startedAt, style)],
        ['result', id],
      ],
      style,
    ),
    ...(load === undefined ? [] : ['', placesTable(load, style)]),
    ...(steps.length === 0 ? [] : ['', stepsTable(steps, style)]),
    ...(journey === undefined ? [] : journeyText(journey, style)),
    ...(parallel === undefined ? [] : parallelText(parallel, style)),
    ...folded(
      wrong.map(({ name, found, wanted }) => `${style.glyph.failed} ${visible(name)}: ${visible(found)} (wanted: ${wanted})`),
      style.width,
    ),
    ...folded([...(load?.places.flatMap(loadExamples) ?? []), ...steps.flatMap(stepExamples)], style.width),
    ...(journey === undefined ? [] : journeyExamples(journey, style)),
    ...(parallel === undefined ? [] : parallelExamples(parallel, style)),
    ...(passed ? [] : ['', `Look further: runback test report ${id} --to test.html`]),
    ...folded([`Take the test's records away: runback test cleanup ${id}`], style.width),
  ].join('\n');
}

function tried({ condition, refire, rows, totals }: TriggerResult): readonly (readonly [string, string])[] {
  const found = FIRING_VERDICTS.filter((verdict) => totals[verdict] > 0).map((verdict) => `${totals[verdict]} ${verdict}`);
  return [
    ['fires when', visible(condition)],
    ['again', AGAIN[refire]],
    ['tried', `${counted(rows.length, 'rows', 'row')}: ${found.join(', ')}`],
  ];
}

const AGAIN: Readonly<Record<TriggerResult['refire'], string>> = {
  once: 'never for the same record',
  on_recross: 'each time it becomes true',
  every_change: 'with every change while it is true',
};

function submitted({ answers, submissions, people, spanMs, limit, disturbed = [] }: LoadResult): readonly (readonly [string, string])[] {
  return [
    ['submitted', `${counted(submissions, 'times', 'time')} by ${counted(people, 'people', 'person')}, within ${formatDuration(spanMs)}`],
    ...(limit === undefined ? [] : [['paced', `never more than ${limit.count} in ${formatDuration(limit.perMs)}`] as const]),
    ...disturbed.map(
      ({ what, answered, lastedMs }) => ['disturbed', `${visible(what)}, when ${answered} were answered, lasted ${span(lastedMs)}`] as const,
    ),
    ['intake', `${answers.acknowledged} taken, ${answers.refused} refused, ${answers.unanswered} without an answer`],
  ];
}

function placesTable({ places }: LoadResult, style: Style): string {
  const numbers = VERDICTS.map((verdict) => ({ title: verdict, align: 'right' as const }));
  return table(
    [{ title: 'arrived in', shrink: true }, ...numbers, { title: 'slowest', align: 'right' as const }],
    places.map(({ place, totals, slowestMs }) => [
      visible(place),
      ...VERDICTS.map((verdict) => String(totals[verdict])),
      slowestMs === undefined ? '' : span(slowestMs),
    ]),
    style,
  );
}

function stepsTable(steps: readonly StepResult[], style: Style): string {
  const numbers = RECORD_VERDICTS.map((verdict) => ({ title: verdict, align: 'right' as const }));
  return table(
    [{ title: 'step', shrink: true }, ...numbers, { title: 'took', align: 'right' as const }],
    steps.map(({ step, records, tookMs }) => [visible(step), ...RECORD_VERDICTS.map((verdict) => String(records[verdict])), span(tookMs)]),
    style,
  );
}

const loadExamples = ({ examples }: PlaceResult): readonly string[] =>
  examples.map(({ mark, verdict, why }) => `  ${mark} ${verdict}: ${visible(why)}`);

const stepExamples = ({ examples }: StepResult): readonly string[] =>
  examples
    .filter(({ verdict }) => verdict !== 'normalised')
    .map(({ field, verdict, found, wanted }) => `  ${visible(field)} ${verdict}: ${visible(found)}, wanted ${visible(wanted)}`);

/** The tests there are. */
export function testList(files: readonly TestFile[], last: ReadonlyMap<string, CheckResult>, left: number, style: Style): string {
  if (files.length === 0) return 'There is no test in the folder tests of this workspace. docs/tests.md says how to write one.';
  const rows = files.map(({ id, test, problem }) => {
    const result = last.get(id);
    const ended = result === undefined ? 'never run' : `${result.passed ? 'as wanted' : 'not as wanted'}, ${time(result.startedAt, style)}`;
    return [id, visible(test?.title ?? problem ?? ''), ended];
  });
  return [
    table([{ title: 'test', whole: true }, { title: 'title', shrink: true }, { title: 'last' }], rows, style),
    ...(left === 0 ? [] : [`${style.glyph.warning} Records of ${counted(left, 'runs', 'run')} may still be there: runback test cleanup`]),
  ].join('\n');
}

/** What a test had left disturbed, and is no longer. */
export const endedLines = (ended: readonly Mended[], style: Style): readonly string[] =>
  ended.map(({ run, test, what }) => `${style.glyph.done} ${test} (${run}): what it disturbed (${what}) has ended`);

/** Records that are named of each place. */
const SHOWN_KEPT = 10;

/** What was taken away. */
export function cleanedText(cleaned: readonly Cleaned[], style: Style): string {
  if (cleaned.length === 0) return 'Nothing is left of any test.';
  return cleaned
    .flatMap(({ id, test, places, until, done }) => [
      `${style.glyph[done ? 'done' : 'warning']} ${test} (${id})`,
      ...places.flatMap(({ place, deleted, kept }) => [
        `  ${visible(place)}: ${counted(deleted, 'records')} deleted${kept.length === 0 ? '' : `, ${kept.length} left`}`,
        ...kept.slice(0, SHOWN_KEPT).map(({ key, why }) => `    ${key === undefined ? '' : `${visible(key)}: `}${visible(why)}`),
        ...(kept.length > SHOWN_KEPT ? [`    ... and ${count(kept.length - SHOWN_KEPT)} more: all of them with --json`] : []),
      ]),
      ...(until === undefined
        ? []
        : folded([`  More may arrive until ${time(until, style)}: the test did not see all of it. Then: runback test cleanup ${id}`], style.width)),
    ])
    .join('\n');
}
