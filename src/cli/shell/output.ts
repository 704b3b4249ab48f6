import { escapedJson, type ExitCode, type RunbackError } from '../../lib/index.js';
import { errorData, errorText } from '../views/error.js';
import type { Style } from '../views/text/style.js';
import type { Outcome } from './command.js';

/** Where the end of a command goes: one renderer for people, one for scripts. */
export interface Output {
  /** An event of long work; scripts only. */
  event(event: Readonly<Record<string, unknown>>): void;
  /** The outcome, or the error, or (work that ended half-way) both. Called once. */
  finish(command: string, outcome: Outcome | undefined, failure: Failure | undefined): void;
}

export interface Failure {
  readonly error: RunbackError;
  readonly log: string | undefined;
  readonly debug: boolean;
}

const SCHEMA_VERSION = 1;

/** NDJSON on stdout; the last line is the one object with `ok`. */
export function jsonOutput(print: (text: string) => void): Output {
  const write = (value: Readonly<Record<string, unknown>>): void =>
    print(`${escapedJson(JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...value }))}\n`);
  return {
    event: write,
    finish: (command, outcome, failure) => {
      const exitCode: ExitCode = failure?.error.exitCode ?? outcome?.exit ?? 0;
      write({
        command,
        ok: failure === undefined,
        exitCode,
        ...(outcome === undefined ? {} : { data: outcome.data ?? null }),
        ...(failure === undefined ? {} : { error: errorData(failure.error, failure.log, failure.debug) }),
      });
    },
  };
}

/** Results on stdout, errors on stderr. */
export function humanOutput(
  printOut: (text: string) => void,
  printErr: (text: string) => void,
  styles: { readonly out: Style; readonly err: Style },
): Output {
  return {
    event: () => {},
    finish: (_command, outcome, failure) => {
      const text = outcome?.text(styles.out) ?? '';
      if (text !== '') printOut(`${styles.out.signs(text)}\n`);
      if (failure) printErr(`${styles.err.signs(errorText(failure.error, failure.log, failure.debug, styles.err))}\n`);
    },
  };
}
