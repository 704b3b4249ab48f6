/** One thing to choose. */
export interface Choice<T> {
  readonly value: T;
  readonly name: string;
  /** What choosing it does. */
  readonly description?: string;
}

/** Asks a person at a terminal. Every method rejects with `interrupted` on Ctrl-C or when the work is aborted. */
export interface Asker {
  choose<T>(question: { readonly message: string; readonly choices: readonly Choice<T>[]; readonly default?: T }): Promise<T>;
  /** As `choose`, with typing to narrow down; for long lists. `pageSize` rows at a time. */
  search<T>(question: { readonly message: string; readonly choices: readonly Choice<T>[]; readonly pageSize?: number }): Promise<T>;
  /** Any number of the choices. */
  several<T>(question: { readonly message: string; readonly choices: readonly Choice<T>[] }): Promise<readonly T[]>;
  text(question: { readonly message: string; readonly default?: string; readonly validate?: (value: string) => true | string }): Promise<string>;
  /** Several lines at once, until one fits `last` or the person gives up with two empty ones. */
  paste(question: { readonly message: string; readonly last: RegExp }): Promise<string>;
  confirm(question: { readonly message: string; readonly default: boolean }): Promise<boolean>;
}
