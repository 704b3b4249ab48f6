import type { Clock, Progress } from '../../../lib/index.js';
import { count, span } from '../text/format.js';

/** A progress report with what follows from watching it. */
export interface Measured extends Progress {
  /** Units a second since the task began; undefined before that can be told. */
  readonly rate: number | undefined;
  readonly percentDone: number | undefined;
  readonly secondsRemaining: number | undefined;
}

/** Watches one task after another and works out rate and time left. Uses monotonic time only. */
export class Meter {
  #task: string | undefined;
  #startMs = 0;
  #startDone = 0;
  #last: Measured | undefined;

  constructor(private readonly clock: Clock) {}

  /** The latest report, or undefined between tasks. */
  get last(): Measured | undefined {
    return this.#last;
  }

  /** True where this report begins another task than the one before. */
  update(progress: Progress): boolean {
    const now = this.clock.monotonicMs();
    const isNew = progress.task !== this.#task || progress.done < (this.#last?.done ?? 0);
    if (isNew) {
      this.#task = progress.task;
      this.#startMs = now;
      this.#startDone = progress.done;
    }
    const seconds = (now - this.#startMs) / 1000;
    const rate = seconds >= 0.5 && progress.done > this.#startDone ? (progress.done - this.#startDone) / seconds : undefined;
    const left = progress.total === undefined ? undefined : Math.max(0, progress.total - progress.done);
    this.#last = {
      ...progress,
      rate,
      percentDone: progress.total === undefined || progress.total === 0 ? undefined : Math.min(100, (100 * progress.done) / progress.total),
      secondsRemaining: rate === undefined || left === undefined ? undefined : left / rate,
    };
    return isNew;
  }

  /** Forgets the task: the next report begins a new one. */
  reset(): void {
    this.#task = undefined;
    this.#last = undefined;
  }
}

/** `records 400 of 1,250`: for the line that answers Ctrl-C. */
export function position(progress: Progress): string {
  return progress.total === undefined
    ? `${progress.unit} ${count(progress.done)}`
    : `${progress.unit} ${count(progress.done)} of ${count(progress.total)}`;
}

/** One line: task, bar where `barCells` > 0 and the total is known, counts, rate, time left. */
export function measuredLine(measured: Measured, barCells: number): string {
  const parts = [
    measured.total === undefined
      ? `${count(measured.done)} ${measured.unit}`
      : `${count(measured.done)} of ${count(measured.total)} ${measured.unit}`,
  ];
  if (measured.rate !== undefined) parts.push(`${count(measured.rate < 10 ? Math.round(measured.rate * 10) / 10 : Math.round(measured.rate))}/s`);
  if (measured.secondsRemaining !== undefined && measured.secondsRemaining > 0) parts.push(`${span(measured.secondsRemaining * 1000)} left`);
  const bar = barCells > 0 && measured.percentDone !== undefined ? `${drawBar(measured.percentDone, barCells)} ` : '';
  return `${measured.task}  ${bar}${parts.join(', ')}`;
}

function drawBar(percent: number, cells: number): string {
  const full = Math.round((percent / 100) * cells);
  return `[${'#'.repeat(full)}${'.'.repeat(cells - full)}]`;
}
