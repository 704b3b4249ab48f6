import type { CallOptions, Clock, ExitCode, RunbackError } from '../../lib/index.js';
import type { Asker } from '../prompts/asker.js';
import type { Session } from '../session/session.js';
import type { Wiring } from '../session/wiring.js';
import type { Live } from '../views/live/live.js';
import type { Style } from '../views/text/style.js';
import type { Globals } from './globals.js';
import type { Input } from './input.js';
import type { Interrupts } from './interrupts.js';
import type { Log } from './log.js';
import type { Stdio } from './stdio.js';

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

/** Everything a command gets. */
export interface CommandContext {
  readonly input: Input;
  readonly globals: Globals;
  readonly stdio: Stdio;
  readonly clock: Clock;
  /** A person is at a terminal and may be asked. */
  readonly interactive: boolean;
  readonly live: Live;
  readonly log: Log;
  readonly interrupts: Interrupts;
  /** Style of stderr, where questions and signs of life go. */
  readonly style: Style;
  /** Signal and reporter, for every call below. */
  readonly call: CallOptions & { readonly signal: AbortSignal };
  /**
   * The workspace, opened when first asked for: `folder` then, else `--workspace` or the nearest; for `as` where `--as` says
   * nothing. Throws `workspace-missing`, `file-invalid`.
   */
  readonly session: (folder?: string, as?: string) => Promise<Session>;
  /** Asks a person; throws `person-needed` naming `flag` where nobody is there. */
  readonly asker: (flag: string) => Promise<Asker>;
  /** The commands of a noun: for completion. */
  readonly commandsOf: (noun: string) => Promise<readonly CommandSpec[]>;
  /** What stands beside the command line, from the composition root. */
  readonly wiring: Wiring;
  /**
   * A context like this one after a Ctrl-C that was answered: stops count anew in it, and it opens the workspace anew.
   */
  readonly again: () => CommandContext;
  /**
   * Runs another command line here, in this workspace and for this person. What it prints at its end is in what it gives.
   * `asks`: it may ask the person that this command may ask.
   */
  readonly also: (words: readonly string[], options: { readonly asks: boolean }) => Promise<Outcome>;
  /** An event for scripts that read NDJSON. */
  readonly event: (event: Readonly<Record<string, unknown>>) => void;
}
