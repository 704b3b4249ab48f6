import type { Reporter } from '../../lib/index.js';
import { defined } from '../../lib/index.js';
import type { RunObserver, RunState, RunView, StepState, StepView } from '../../runbooks/index.js';
import { approvalText } from './approvals.js';
import type { Live } from './live/live.js';
import { counted, count, facts, span, time } from './text/format.js';
import type { GlyphName, Style } from './text/style.js';
import { showValue, visible, visibleLines } from './text/visible.js';
import { wrap, wrapIndented } from './text/width.js';

const STEP_GLYPH: Readonly<Record<StepState, GlyphName>> = {
  pending: 'pending',
  running: 'running',
  succeeded: 'done',
  failed: 'failed',
  in_doubt: 'doubt',
  skipped: 'skipped',
  undone: 'done',
  undo_failed: 'failed',
};
const STEP_WORDS: Readonly<Record<StepState, string>> = {
  pending: 'to do',
  running: 'running',
  succeeded: 'done',
  failed: 'failed',
  in_doubt: 'in doubt',
  skipped: 'skipped',
  undone: 'undone',
  undo_failed: 'undo failed',
};
const RUN_WORDS: Readonly<Record<RunState, string>> = {
  running: 'running, or interrupted',
  waiting: 'waiting for a person',
  undoing: 'being undone',
  succeeded: 'succeeded',
  undone: 'undone',
  partial: 'ended, but not all of it was done',
  abandoned: 'abandoned',
};

/** A run's state in words. */
export const runStateWords = (state: RunState): string => RUN_WORDS[state];

/** How long a step took, where both ends are known. */
function took(step: StepView): string {
  if (step.startedAt === undefined || step.endedAt === undefined) return '';
  return span(new Date(step.endedAt).getTime() - new Date(step.startedAt).getTime());
}

/** What a step that ended did not do, in its own words. */
function leftBy({ state, outputs }: StepView): string {
  const what = outputs['what_left'];
  return state === 'succeeded' && typeof what === 'string' ? what : '';
}

/** One line for a step: glyph, place, title, state in words, what came out. */
export function stepLine(step: StepView, place: number, of: number, style: Style): string {
  const { chalk } = style;
  const colour =
    step.state === 'succeeded'
      ? chalk.green
      : step.state === 'failed' || step.state === 'undo_failed'
        ? chalk.red
        : step.state === 'in_doubt'
          ? chalk.yellow
          : chalk.reset;
  const left = leftBy(step);
  const tail = [
    left === '' ? STEP_WORDS[step.state] : `${STEP_WORDS[step.state]}, but not all of it`,
    took(step),
    step.attempt > 1 ? `attempt ${step.attempt}` : '',
    step.because ?? '',
  ].filter((part) => part !== '');
  const lines = wrap(`${place}/${of} ${visible(step.title)} (${visible(tail.join(', '))})`, style.width - 4);
  const told = [...(step.error === undefined ? [] : [step.error]), ...(left === '' ? [] : [`Left: ${left}`])];
  const error = told.flatMap((text) => wrap(visibleLines(text), style.width - 6));
  return [
    `${colour(style.glyph[left === '' ? STEP_GLYPH[step.state] : 'warning'])} ${lines.join('\n    ')}`,
    ...error.map((line) => `    ${line}`),
  ].join('\n');
}

/** A whole run: what it is, every step, notes, how to go on. */
export function runText(run: RunView, style: Style): string {
  const steps = run.steps.map((step, i) => stepLine(step, i + 1, run.steps.length, style)).join('\n');
  const pairs: [string, string][] = [
    ['Run', run.id],
    ['State', RUN_WORDS[run.state]],
    ['By', visible(run.by)],
    ['Started', time(run.startedAt, style)],
  ];
  if (run.endedAt !== undefined) pairs.push(['Ended', time(run.endedAt, style)]);
  if (run.because !== undefined) pairs.push(['Why', visibleLines(run.because)]);
  for (const [name, value] of Object.entries(run.inputs)) pairs.push([`Input ${name}`, showValue(value)]);
  if (run.waitingFor !== undefined) pairs.push(['Waits for', visible(run.waitingFor)]);
  for (const approval of run.approvals) pairs.push(['Approved', `${time(approval.at, style)} ${approvalText(approval, style)}`]);
  for (const note of run.notes) pairs.push(['Note', `${time(note.at, style)} ${visible(note.by)}: ${visible(note.text)}`]);
  pairs.push(['Last hash', run.lastHash]);
  const next = nextOf(run);
  if (next !== undefined) pairs.push(['Next', next]);
  return `${style.chalk.bold(visible(run.title))}\n${steps}\n\n${facts(pairs, style)}`;
}

/** The command that goes on with a run, if it is not over. */
export function nextOf(run: RunView): string | undefined {
  return run.state === 'running' || run.state === 'waiting' || run.state === 'undoing'
    ? `runback runbook ${run.state === 'undoing' ? 'undo' : 'resume'} ${run.id}`
    : undefined;
}

/** Runs as a list, newest first. */
export function runsList(runs: readonly RunView[], style: Style): string {
  if (runs.length === 0) return 'No run yet. Start one with: runback runbook run <id>';
  return runs
    .map((run) =>
      [
        style.chalk.bold(visible(run.title)),
        ...wrapIndented(`${RUN_WORDS[run.state]}; started ${time(run.startedAt, style)} by ${visible(run.by)}`, 2, style.width),
        `  ${run.id}`,
      ].join('\n'),
    )
    .join('\n');
}

/**
 * Shows a run while it goes on: one line that stays for every step that ends, and a live line for the one that runs.
 */
export function watchRun(
  live: Live,
  style: Style,
  event: (event: Readonly<Record<string, unknown>>) => void,
  onRun: (run: RunView) => void,
): RunObserver {
  const shown = new Map<string, string>();
  const place = (step: StepView, run: RunView): number => run.steps.findIndex((other) => other.id === step.id) + 1;
  const reporter: Reporter = live;
  return {
    reporter,
    runStarted: (run) => {
      onRun(run);
      event({ type: 'run', run: run.id, state: run.state, title: run.title });
      live.print(`${style.chalk.bold(visible(run.title))}  ${run.id}`);
      for (const step of run.steps) if (step.state !== 'pending') shown.set(step.id, `${step.state}/${step.attempt}`);
      const done = run.steps.filter((step) => step.state === 'succeeded' || step.state === 'skipped').length;
      live.print(`${counted(run.steps.length, 'steps')}${done === 0 ? '' : `, ${count(done)} already done`}`);
    },
    stepChanged: (step, run) => {
      onRun(run);
      const mark = `${step.state}/${step.attempt}`;
      if (shown.get(step.id) === mark) return;
      shown.set(step.id, mark);
      event({
        type: 'step',
        run: run.id,
        step: step.id,
        state: step.state,
        attempt: step.attempt,
        ...defined({ error: step.error }),
      });
      if (step.state === 'running') {
        live.start(`${place(step, run)}/${run.steps.length} ${visible(step.title)}`);
        return;
      }
      live.stop();
      if (step.state !== 'pending') live.print(stepLine(step, place(step, run), run.steps.length, style));
    },
    runEnded: (run) => {
      onRun(run);
      live.stop();
      event({ type: 'run', run: run.id, state: run.state, title: run.title });
    },
  };
}
