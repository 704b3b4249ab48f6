import type { Ora } from 'ora';

import { defined } from '../../../lib/index.js';
import type { Clock, Progress, Reporter, Wait } from '../../../lib/index.js';
import { span } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { truncate } from '../text/width.js';
import { type Measured, measuredLine, Meter } from './meter.js';

/** How work in progress is shown. */
export type LiveMode =
  /** A line that is redrawn. */
  | 'terminal'
  /** A line at the beginning of each task and a sign of life now and then. */
  | 'lines'
  /** NDJSON events. */
  | 'events'
  | 'silent';

export interface LiveDeps {
  readonly mode: LiveMode;
  readonly clock: Clock;
  readonly style: Style;
  /** For people: where lines go (stderr). */
  readonly stream: NodeJS.WriteStream;
  /** For `events`: takes one object. */
  emit(event: Readonly<Record<string, unknown>>): void;
  /** Every wait and note also goes here. */
  log(kind: 'waiting' | 'note', text: string): void;
}

/** The sign of life of one command: a {@link Reporter} that people or scripts see. */
export class Live implements Reporter {
  readonly meter: Meter;
  #spinner: Ora | undefined;
  #makeSpinner: ((text: string) => Ora) | undefined;
  #heading: string | undefined;
  #wait: { readonly reason: string; readonly untilMs: number } | undefined;
  #beat: NodeJS.Timeout | undefined;
  #changed = false;
  #held = 0;

  constructor(private readonly deps: LiveDeps) {
    this.meter = new Meter(deps.clock);
  }

  /** Loads what drawing needs. Without it lines are printed instead. */
  async prepare(): Promise<void> {
    if (this.deps.mode !== 'terminal') return;
    const { default: ora } = await import('ora');
    // Without discardStdin: false ora takes Ctrl-C away from us.
    this.#makeSpinner = (text) =>
      ora({
        text,
        stream: this.deps.stream,
        discardStdin: false,
        hideCursor: true,
        isEnabled: true,
        color: this.deps.style.chalk.level === 0 ? false : 'cyan',
      });
  }

  /** Names what happens now, for work that has no counts yet. */
  start(heading: string): void {
    this.#heading = heading;
    this.meter.reset();
    this.#wait = undefined;
    if (this.deps.mode === 'lines') this.#line(`${heading} ...`);
    this.#show();
  }

  progress(progress: Progress): void {
    const isNew = this.meter.update(progress);
    this.#wait = undefined;
    this.#changed = true;
    if (this.deps.mode === 'events' && isNew && this.meter.last) this.#emitProgress(this.meter.last);
    this.#show();
  }

  waiting(wait: Wait): void {
    this.deps.log('waiting', `${wait.reason} (${span(wait.ms)})`);
    this.#wait = { reason: visible(wait.reason), untilMs: this.deps.clock.monotonicMs() + wait.ms };
    if (this.deps.mode === 'events') this.deps.emit({ type: 'waiting', reason: wait.reason, seconds: wait.ms / 1000 });
    if (this.deps.mode === 'lines' && wait.ms >= 1000) this.#line(`Waiting ${span(wait.ms)}: ${visible(wait.reason)}`);
    this.#show();
  }

  note(message: string): void {
    this.deps.log('note', message);
    if (this.deps.mode === 'events') this.deps.emit({ type: 'note', message });
    else if (this.deps.mode !== 'silent') this.print(`${this.deps.style.glyph.pending} ${visible(message)}`);
  }

  /** A line that stays, above whatever is redrawn. */
  print(line: string): void {
    if (this.deps.mode === 'silent') return;
    this.#spinner?.stop();
    this.deps.stream.write(`${this.deps.style.signs(this.deps.style.redact(line))}\n`);
    if (this.#spinner && this.#held === 0) this.#spinner.start();
  }

  /** Stops drawing while something else (a prompt) has the screen; call the result to go on. */
  hold(): () => void {
    this.#held += 1;
    this.#clear();
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#held -= 1;
      if (this.#held === 0 && (this.#heading !== undefined || this.meter.last)) this.#show();
    };
  }

  /** The work is over: takes the line off the screen. */
  stop(): void {
    this.#heading = undefined;
    this.#wait = undefined;
    this.meter.reset();
    this.#clear();
  }

  #clear(): void {
    this.#spinner?.stop();
    this.#spinner = undefined;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  #show(): void {
    if (this.#held > 0 || this.deps.mode === 'silent') return;
    if (this.deps.mode === 'terminal' && this.#makeSpinner) {
      const text = this.#shown();
      if (this.#spinner) this.#spinner.text = text;
      else this.#spinner = this.#makeSpinner(text).start();
    }
    if (!this.#beat) {
      this.#beat = setInterval(() => this.#tick(), 2000);
      this.#beat.unref();
    }
  }

  #tick(): void {
    const { last } = this.meter;
    if (this.deps.mode === 'terminal' && this.#spinner) this.#spinner.text = this.#shown();
    if (this.deps.mode === 'lines') this.#line(this.#changed ? this.#text(0) : `Still working: ${this.#text(0)}`);
    if (this.deps.mode === 'events' && last) this.#emitProgress(last);
    this.#changed = false;
  }

  #text(bar: number): string {
    return this.deps.style.redact(this.#words(bar));
  }

  #words(bar: number): string {
    const left = this.#wait === undefined ? 0 : this.#wait.untilMs - this.deps.clock.monotonicMs();
    if (this.#wait && left > 0) return `Waiting ${span(left)}: ${this.#wait.reason}`;
    const { last } = this.meter;
    return last ? measuredLine({ ...last, task: visible(last.task), unit: visible(last.unit) }, bar) : visible(this.#heading ?? 'Working');
  }

  /** The one line that is redrawn. */
  #shown(): string {
    return this.deps.style.signs(truncate(this.#text(16), this.deps.style.width - 4));
  }

  #line(text: string): void {
    this.deps.stream.write(`${this.deps.style.signs(this.deps.style.redact(text))}\n`);
  }

  #emitProgress(last: Measured): void {
    this.deps.emit({
      type: 'progress',
      task: last.task,
      [last.unit]: last.done,
      unit: last.unit,
      done: last.done,
      ...defined({ total: last.total }),
      ...(last.percentDone === undefined ? {} : { percent_done: Math.round(last.percentDone * 10) / 10 }),
      ...(last.secondsRemaining === undefined ? {} : { seconds_remaining: Math.round(last.secondsRemaining) }),
    });
  }
}
