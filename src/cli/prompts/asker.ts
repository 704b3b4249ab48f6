import type { Style } from '../views/text/style.js';

/** One thing to choose. */
export interface Choice<T> {
  readonly value: T;
  readonly name: string;
  /** What choosing it does, in a few words: stands on its line. */
  readonly beside?: string;
  /** More about it, shown where it is looked at. */
  readonly description?: string;
  /** Marked from the beginning, where several can be chosen. */
  readonly checked?: true;
  /** Stays in a list that is searched, whatever is typed. */
  readonly always?: true;
}

/** Asks a person at a terminal. Every method rejects with `interrupted` on Ctrl-C or when the work is aborted. */
export interface Asker {
  choose<T>(question: { readonly message: string; readonly choices: readonly Choice<T>[]; readonly default?: T }): Promise<T>;
  /**
   * As `choose`, with typing to narrow down; for long lists. `pageSize` rows at a time. `term`: what is typed already;
   * `onTerm` hears what is typed, so that a list that comes back can begin where it was left.
   */
  search<T>(question: {
    readonly message: string;
    readonly choices: readonly Choice<T>[];
    readonly pageSize?: number;
    readonly default?: T;
    readonly term?: string;
    readonly onTerm?: (term: string) => void;
  }): Promise<T>;
  /** Any number of the choices. */
  several<T>(question: { readonly message: string; readonly choices: readonly Choice<T>[] }): Promise<readonly T[]>;
  text(question: { readonly message: string; readonly default?: string; readonly validate?: (value: string) => true | string }): Promise<string>;
  /** Several lines at once, until one fits `last` or the person gives up with two empty ones. */
  paste(question: { readonly message: string; readonly last: RegExp }): Promise<string>;
  confirm(question: { readonly message: string; readonly default: boolean }): Promise<boolean>;
}

/** What both kinds of prompts need. */
export interface PromptDeps {
  readonly stdin: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly style: Style;
  readonly signal: AbortSignal;
  /** Takes the progress line off the screen while a question stands there. */
  hold(): () => void;
  /** The error of a Ctrl-C at a prompt. */
  interrupted(): Error;
}
