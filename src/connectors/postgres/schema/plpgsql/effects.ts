import { ALWAYS, both, judge, NEVER, UNSURE, type When } from './conditions.js';
import { isOfItself, type Variables } from './origins.js';
import { type Token, tokensOf } from './tokens.js';

/** A value that a trigger function gives a column of the record. */
export interface Assignment {
  readonly column: string;
  readonly when: When;
  /** The value comes from the clock, the session, a counter or nothing at all, and not from what is written. */
  readonly ofItself: boolean;
}

/** What a trigger function does, as far as its source tells without being run. */
export interface Effects {
  readonly assignments: readonly Assignment[];
  /** Tables that it writes to. */
  readonly writes: readonly string[];
}

/** Reads the source of a PL/pgSQL trigger function. What it does not understand, it calls `unsure`. Never throws. */
export function effectsOf(source: string): Effects {
  return new Walk(tokensOf(source)).walk();
}

interface Frame {
  readonly kind: 'if' | 'block' | 'other';
  /** When the code around it runs. */
  readonly outer: When;
  /** When the present branch runs. */
  now: When;
  /** When the branches that are still to come run. */
  rest: When;
}

class Walk {
  private at = 0;
  private readonly frames: Frame[] = [];
  private readonly assignments: { column: string; when: When; value: readonly Token[] }[] = [];
  private readonly locals = new Map<string, readonly (readonly Token[])[]>();
  private readonly writes = new Set<string>();
  /** What is left to happen after the returns so far. */
  private left: When = ALWAYS;

  constructor(private readonly tokens: readonly Token[]) {}

  walk(): Effects {
    while (this.at < this.tokens.length) this.statement();
    const variables: Variables = { declared: new Set(this.locals.keys()), clean: this.cleanLocals() };
    return {
      assignments: this.assignments.map(({ column, when, value }) => ({ column, when, ofItself: isOfItself(value, column, variables) })),
      writes: [...this.writes],
    };
  }

  private get when(): When {
    return both(this.frames.at(-1)?.now ?? ALWAYS, this.left);
  }

  private statement(): void {
    const word = this.peek();
    const top = this.frames.at(-1);
    if (word === 'declare') this.declare();
    else if (word === 'begin') this.open('block', this.frames.at(-1)?.now ?? ALWAYS, 1);
    else if (word === 'if') {
      this.at += 1;
      const { yes, no } = judge(this.until('then'));
      const outer = top?.now ?? ALWAYS;
      this.frames.push({ kind: 'if', outer, now: both(outer, yes), rest: no });
    } else if ((word === 'elsif' || word === 'elseif') && top?.kind === 'if') {
      this.at += 1;
      const { yes, no } = judge(this.until('then'));
      top.now = both(top.outer, both(top.rest, yes));
      top.rest = both(top.rest, no);
    } else if (word === 'else' && top !== undefined) {
      this.at += 1;
      top.now = top.kind === 'if' ? both(top.outer, top.rest) : UNSURE;
    } else if (word === 'case') this.open('other', UNSURE, 1);
    else if (word === 'when') {
      this.at += 1;
      this.until('then');
    } else if (word === 'for' || word === 'foreach' || word === 'while') {
      this.until('loop');
      this.frames.push({ kind: 'other', outer: top?.now ?? ALWAYS, now: UNSURE, rest: UNSURE });
    } else if (word === 'loop') this.open('other', UNSURE, 1);
    else if (word === 'exception' && top?.kind === 'block') {
      this.at += 1;
      top.now = UNSURE;
    } else if (word === 'end') {
      this.until(';');
      this.frames.pop();
    } else if (word === 'return') {
      this.until(';');
      this.returns();
    } else this.simple(this.until(';'));
  }

  private open(kind: Frame['kind'], now: When, words: number): void {
    this.at += words;
    this.frames.push({ kind, outer: this.frames.at(-1)?.now ?? ALWAYS, now, rest: UNSURE });
  }

  /** Declarations up to the block's `begin`. */
  private declare(): void {
    this.at += 1;
    while (this.at < this.tokens.length && this.peek() !== 'begin') {
      const tokens = this.until(';');
      const equals = tokens.findIndex((token) => token.text === ':=' || token.text === '=' || token.text === 'default');
      this.local(tokens[0]?.text ?? '', equals === -1 ? [] : tokens.slice(equals + 1));
    }
  }

  private local(name: string, value: readonly Token[]): void {
    this.locals.set(name, [...(this.locals.get(name) ?? []), value]);
  }

  private returns(): void {
    const { on, self } = this.when;
    if (self !== undefined || on === 'unsure') this.left = UNSURE;
    else if (on === 'always') this.left = NEVER;
    else if (on !== 'never') this.left = both(this.left, { on: on === 'insert' ? 'update' : 'insert' });
  }

  /** An assignment, or a statement of SQL. */
  private simple(tokens: readonly Token[]): void {
    const words = tokens.map(({ text }) => text);
    const isAssignment = (place: number): boolean => words[place] === ':=' || words[place] === '=';
    if (words[0] === 'new' && words[1] === '.') {
      const column = words[2] ?? '';
      if (isAssignment(3)) this.assign(column, tokens.slice(4));
      else if (words.some((word) => word === ':=' || word === '=')) this.assign(column, UNKNOWN);
      return;
    }
    if (tokens[0]?.kind === 'word' && isAssignment(1)) {
      this.local(words[0] ?? '', tokens.slice(2));
      return;
    }
    const into = words.indexOf('into');
    const first = words[0] ?? '';
    if (first === 'insert' && words[1] === 'into') this.writes.add(nameAt(tokens, 2));
    else if (first === 'update') this.writes.add(nameAt(tokens, words[1] === 'only' ? 2 : 1));
    else if (first === 'delete' && words[1] === 'from') this.writes.add(nameAt(tokens, words[2] === 'only' ? 3 : 2));
    else if (into !== -1) this.selectInto(tokens, into);
  }

  /** `SELECT now() INTO NEW.changed_at`, at either place that INTO may have. */
  private selectInto(tokens: readonly Token[], into: number): void {
    let at = tokens[into + 1]?.text === 'strict' ? into + 2 : into + 1;
    const targets: string[] = [];
    for (;;) {
      if (tokens[at]?.text === 'new' && tokens[at + 1]?.text === '.') {
        targets.push(tokens[at + 2]?.text ?? '');
        at += 3;
      } else {
        this.local(tokens[at]?.text ?? '', UNKNOWN);
        at += 1;
      }
      if (tokens[at]?.text !== ',') break;
      at += 1;
    }
    const before = tokens.slice(1, into);
    const after = tokens.slice(at);
    const plain = tokens[0]?.text === 'select' && (before.length === 0 || after.length === 0);
    const value = before.length === 0 ? after : before;
    for (const column of targets) this.assign(column, plain && targets.length === 1 && !value.some(({ text }) => text === 'from') ? value : UNKNOWN);
  }

  private assign(column: string, value: readonly Token[]): void {
    this.assignments.push({ column, when: this.when, value });
  }

  /** Variables whose every value comes from the clock, the session or nothing. */
  private cleanLocals(): ReadonlySet<string> {
    const clean = new Set<string>();
    const variables: Variables = { declared: new Set(this.locals.keys()), clean };
    for (let before = -1; before < clean.size;) {
      before = clean.size;
      for (const [name, values] of this.locals) {
        const given = values.filter((value) => value.length > 0);
        if (given.length > 0 && given.every((value) => isOfItself(value, '', variables))) clean.add(name);
      }
    }
    return clean;
  }

  private peek(): string | undefined {
    const token = this.tokens[this.at];
    return token?.kind === 'word' ? token.text : undefined;
  }

  /** Tokens up to a word or sign outside of CASE expressions, which is passed over. */
  private until(end: string): readonly Token[] {
    const start = this.at;
    let cases = 0;
    for (; this.at < this.tokens.length; this.at += 1) {
      const text = this.tokens[this.at]?.text;
      if (text === end && (cases === 0 || end === ';')) break;
      if (text === 'case') cases += 1;
      else if (text === 'end' && cases > 0) cases -= 1;
    }
    const tokens = this.tokens.slice(start, this.at);
    this.at += 1;
    return tokens;
  }
}

const UNKNOWN: readonly Token[] = [{ kind: 'word', text: '?' }];

function nameAt(tokens: readonly Token[], at: number): string {
  const first = tokens[at]?.text ?? '';
  return tokens[at + 1]?.text === '.' ? `${first}.${tokens[at + 2]?.text ?? ''}` : first;
}
