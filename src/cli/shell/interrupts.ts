import { defined, RunbackError } from '../../lib/index.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Ctrl-C and termination. The first one asks the work to stop at the next safe point, the second ends the process
 * at once, which is safe because whatever was begun is journaled. SIGTERM and SIGHUP count like one Ctrl-C, but a SIGHUP
 * is never the second one: of a terminal that closes, both the shell and the system send one. SIGQUIT (Ctrl-\) ends at
 * once, and like every other end with what was started.
 */
export class Interrupts {
  #controller = new AbortController();
  #resume: string | undefined;
  #deaf = false;
  #undo: (() => void) | undefined;

  constructor(
    private readonly tell: (line: string) => void,
    private readonly position: () => string | undefined,
    private readonly exitNow: () => void,
  ) {}

  /** Aborted by the first Ctrl-C; its reason is an `interrupted` error. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Counts anew: a Ctrl-C that was answered is over. Whoever goes on has to take the new {@link signal}. */
  rearm(): void {
    this.#controller = new AbortController();
    this.#resume = undefined;
  }

  /** The command that would go on from here; also goes into the error. */
  resumeWith(command: string | undefined): void {
    this.#resume = command;
  }

  /** Listens to signals until {@link stop}. */
  listen(process: NodeJS.Process): void {
    const onSignal = (name: NodeJS.Signals): void => {
      if ((name === 'SIGINT' || name === 'SIGQUIT') && this.#deaf) return;
      if (name === 'SIGQUIT') this.#endNow();
      else if (name !== 'SIGHUP' || !this.signal.aborted) this.interrupt();
    };
    for (const name of SIGNALS) process.on(name, onSignal);
    this.#undo = () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    };
  }

  stop(): void {
    this.#undo?.();
  }

  /** Ctrl-C is for a program that has our terminal, until what is given is called: both of us hear it. */
  leaveToProgram(): () => void {
    this.#deaf = true;
    return () => {
      this.#deaf = false;
    };
  }

  /** One Ctrl-C, from a signal. */
  interrupt(): void {
    if (this.signal.aborted) {
      this.#endNow();
      return;
    }
    const position = this.position();
    const where = position === undefined ? '' : ` (${position})`;
    this.tell(`Stopping after this batch${where}. Press again to stop now.${this.#resume === undefined ? '' : `\nResume: ${this.#resume}`}`);
    this.#controller.abort(this.error());
  }

  #endNow(): void {
    this.tell('Stopped at once. Everything that was started is journaled.');
    this.exitNow();
  }

  /** Ctrl-C at a prompt: nothing is in flight, so the work ends without a further word. Gives the error to throw. */
  atPrompt(): RunbackError {
    const error = this.error();
    if (!this.signal.aborted) this.#controller.abort(error);
    return error;
  }

  /** The error of an interrupted command as of now. */
  error(): RunbackError {
    return new RunbackError('interrupted', 'Stopped on request', {
      state: this.#resume === undefined ? 'Nothing is in flight.' : 'What was done so far is journaled; nothing is half-written.',
      ...defined({ next: this.#resume }),
    });
  }
}
