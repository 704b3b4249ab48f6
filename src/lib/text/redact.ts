/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Shorter secrets are only hidden where they are the whole value: hiding every `ab` would destroy the text. */
const MIN_INSIDE = 4;
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Words that stand in every journal as names. A password that is one of them protects nothing, and hiding the word
 * everywhere would make state unreadable; it is hidden inside addresses (`://user:word@`) only.
 */
const PUBLIC_WORDS = new Set(
  (
    'postgres postgresql hubspot salesforce mailchimp runback production staging sandbox public localhost contacts companies deals ' +
    'tickets password secret token admin root user test true false null'
  ).split(' '),
);

/**
 * Hides secrets in everything that is written or shown (guarantee G22). One instance per process; every resolved
 * secret is added before it is used.
 */
export class Redactor {
  readonly #whole = new Set<string>();
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;
  /** Characters of the shortest form: a shorter text holds none. */
  #shortest = Infinity;

  /**
   * Hides `secret` from now on: as it is, in pieces of several lines, URL-encoded, base64, JSON-escaped, hexadecimal.
   */
  add(secret: string): void {
    if (secret === '' || this.#whole.has(secret)) return;
    if (PUBLIC_WORDS.has(secret.toLowerCase())) {
      this.#forms.add(`:${secret}@`);
    } else {
      this.#whole.add(secret);
      for (const form of formsOf(secret)) this.#forms.add(form);
    }
    for (const form of this.#forms) this.#shortest = Math.min(this.#shortest, form.length);
    this.#pattern = undefined;
  }

  /** The text with every known secret replaced by {@link REDACTED}. */
  text(text: string): string {
    if (this.#whole.has(text)) return REDACTED;
    if (text.length < this.#shortest) return text;
    const pattern = this.#compiled();
    return pattern === undefined ? text : text.replace(pattern, REDACTED);
  }

  /**
   * A copy of JSON-like data with every known secret replaced, in values and in names; the same object where there is
   * nothing to hide. Dates and other class instances are left as they are. `exact`: names of members that hold data of
   * the customer, not ours, and stay byte for byte as they are, wherever they stand.
   */
  value<T>(value: T, exact: ReadonlySet<string> = NOTHING): T {
    return (this.#whole.size === 0 && this.#forms.size === 0 ? value : this.#walk(value, exact)) as T;
  }

  #walk(value: unknown, exact: ReadonlySet<string>): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number' || typeof value === 'bigint') return this.#whole.has(String(value)) ? REDACTED : value;
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      let copy: unknown[] | undefined;
      for (const [i, item] of items.entries()) {
        const next = this.#walk(item, exact);
        if (copy === undefined && next !== item) copy = items.slice(0, i);
        copy?.push(next);
      }
      return copy ?? items;
    }
    if (typeof value !== 'object' || value === null) return value;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const object = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(object);
    // Of nearly all, nothing has to be copied.
    let copy: [string, unknown][] | undefined;
    for (const [i, name] of names.entries()) {
      const item = object[name];
      const isExact = exact.has(name);
      const nextName = isExact ? name : this.text(name);
      const next = isExact ? item : this.#walk(item, exact);
      if (copy === undefined && (next !== item || nextName !== name)) copy = names.slice(0, i).map((before) => [before, object[before]]);
      copy?.push([nextName, next]);
    }
    return copy === undefined ? value : Object.fromEntries(copy);
  }

  #compiled(): RegExp | undefined {
    if (this.#forms.size === 0) return undefined;
    this.#pattern ??= new RegExp(
      [...this.#forms]
        .sort((a, b) => b.length - a.length)
        .map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
        .join('|'),
      'g',
    );
    return this.#pattern;
  }
}

function* formsOf(secret: string): Generator<string> {
  const pieces = secret.includes('\n') ? [secret, ...secret.split(/\r?\n/).filter((line) => line.trim().length >= 16)] : [secret];
  for (const piece of pieces) {
    if (piece.length < MIN_INSIDE) continue;
    yield piece;
    yield JSON.stringify(piece).slice(1, -1);
    const encoded = safely(() => encodeURIComponent(piece));
    yield encoded;
    yield encoded.replaceAll('%20', '+');
    yield encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    const bytes = Buffer.from(piece, 'utf8');
    if (bytes.length < 6) continue;
    yield bytes.toString('hex');
    for (const form of base64Forms(bytes)) {
      yield form;
      yield form.replaceAll('+', '-').replaceAll('/', '_');
    }
  }
}

/**
 * The characters of base64 that do not depend on what stands before or after the secret (`user:` in basic
 * authentication).
 */
function* base64Forms(bytes: Buffer): Generator<string> {
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    yield text.slice(Math.ceil((before * 8) / 6), whole);
  }
}

function safely(encode: () => string): string {
  try {
    return encode();
  } catch {
    return '\u0000';
  }
}
