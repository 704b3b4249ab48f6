import type { ExitCode, RunbackError } from '../lib/index.js';
import type { CommandContext } from './context.js';
import type { Style } from './views/style.js';

/** What kind of name a word is: for completion and for messages. */
export type WordKind = 'runbook' | 'run' | 'snapshot' | 'plan' | 'restore' | 'sync' | 'platform' | 'file' | 'shell' | 'kind';

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly kind?: WordKind;
  readonly optional?: boolean;
  /** Takes any number of words; last argument only. */
  readonly variadic?: boolean;
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** Long form with its value: `--platform <name>`, `--delete-created`. */
  readonly flags: string;
  readonly description: string;
  readonly kind?: WordKind;
  /** May be given several times. */
  readonly repeat?: boolean;
  readonly choices?: readonly string[];
  readonly required?: boolean;
}

/** One command as data, and the one function it calls. */
export interface CommandSpec {
  /** Absent where the noun itself is the command. */
  readonly verb?: string;
  readonly summary: string;
  /** More about it, below the usage line; whole sentences. */
  readonly details?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Command lines that work, for the end of the help. */
  readonly examples?: readonly string[];
  run(context: CommandContext): Promise<Outcome>;
}

/** What a command leaves behind: one value for scripts, one text for people, one exit status. */
export interface Outcome {
  /** Goes into `data` of the JSON object. */
  readonly data: unknown;
  /** For people, without a newline at the end; empty prints nothing. */
  text(style: Style): string;
  /** 0 if absent. */
  readonly exit?: ExitCode;
  /** Why it did not reach its end, where there is a result all the same; decides the exit status. */
  readonly error?: RunbackError;
}
