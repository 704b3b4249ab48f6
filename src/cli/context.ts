import type { CallOptions, Clock } from '../lib/index.js';
import type { CommandSpec } from './command.js';
import type { Globals } from './globals.js';
import type { Input } from './input.js';
import type { Interrupts } from './interrupts.js';
import type { Log } from './log.js';
import type { Asker } from './prompts/asker.js';
import type { Session } from './session.js';
import type { Live } from './views/live.js';
import type { Style } from './views/style.js';
import type { Wiring } from './wiring.js';

/** The streams and surroundings of the process, passed in. */
export interface Stdio {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
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
  /** The workspace, opened when first asked for: `folder` then, else `--workspace` or the nearest. Throws `workspace-missing`, `file-invalid`. */
  readonly session: (folder?: string) => Promise<Session>;
  /** Asks a person; throws `person-needed` naming `flag` where nobody is there. */
  readonly asker: (flag: string) => Promise<Asker>;
  /** The commands of a noun: for completion. */
  readonly commandsOf: (noun: string) => Promise<readonly CommandSpec[]>;
  /** What stands beside the command line, from the composition root. */
  readonly wiring: Wiring;
  /** A context like this one after a Ctrl-C that was answered: stops count anew in it, and it opens the workspace anew. */
  readonly again: () => CommandContext;
  /** An event for scripts that read NDJSON. */
  readonly event: (event: Readonly<Record<string, unknown>>) => void;
}
