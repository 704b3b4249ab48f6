import { DURATION_PATTERN, parseDuration, RunbackError } from '../../lib/index.js';

/** What a command line said, by the names of its arguments and long options. */
export class Input {
  constructor(
    private readonly args: Readonly<Record<string, unknown>>,
    private readonly options: Readonly<Record<string, unknown>>,
    readonly command: string,
  ) {}

  /** An argument by its name, or undefined. */
  argument(name: string): string | undefined {
    const value = this.args[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All words of a variadic argument. */
  words(name: string): readonly string[] {
    const value = this.args[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** An argument that the parser has made sure of. */
  required(name: string): string {
    const value = this.argument(name) ?? this.text(name);
    if (value === undefined)
      throw new RunbackError('usage', `${name} is missing`, { state: 'Nothing was started.', next: `runback ${this.command} --help` });
    return value;
  }

  /** The value of `--name`, or undefined. */
  text(name: string): string | undefined {
    const value = this.options[camel(name)];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of a repeatable `--name`. */
  list(name: string): readonly string[] {
    const value = this.options[camel(name)];
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  }

  /** As {@link list}, or undefined where it was not given. */
  someOf(name: string): readonly string[] | undefined {
    const values = this.list(name);
    return values.length === 0 ? undefined : values;
  }

  flag(name: string): boolean {
    return this.options[camel(name)] === true;
  }

  /** The number of a port; 0 lets the system choose a free one. Throws `usage`. */
  port(name: string): number | undefined {
    const value = this.integer(name);
    if (value === undefined || value <= LAST_PORT) return value;
    throw new RunbackError('usage', `--${name} takes a port from 0 to ${LAST_PORT}, not ${value}`, {
      why: '0 takes a free one.',
      next: `runback ${this.command} --help`,
    });
  }

  /** A span of time longer than nothing, in milliseconds. Throws `usage`. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = DURATION_PATTERN.test(text) ? parseDuration(text) : 0;
    if (ms > 0) return ms;
    throw new RunbackError('usage', `--${name} takes a span of time such as 12h or 30d, not "${text}"`, {
      state: 'Nothing was started.',
      next: `runback ${this.command} --help`,
    });
  }

  /** A whole number of at least `least`. Throws `usage`. */
  integer(name: string, least = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text.replaceAll(/[_,]/gu, ''));
    if (Number.isInteger(value) && value >= least) return value;
    throw new RunbackError('usage', `--${name} takes a whole number of at least ${least}, not "${text}"`, { next: `runback ${this.command} --help` });
  }
}

const LAST_PORT = 65_535;

const camel = (name: string): string => name.replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase());
