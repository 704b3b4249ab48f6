import { defined } from '../../../lib/index.js';

/** A piece of a function's source: a word in lower case unless it is quoted, a text, a number or a sign. */
interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

/** When something in a trigger function happens: on which kinds of write, or nobody can say. `self`: only where this column was not written. */
export interface When {
  readonly on: 'always' | 'insert' | 'update' | 'never' | 'unsure';
  readonly self?: string;
}

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

/** When a trigger with this WHEN condition fires, judged like a condition in the source. */
export function whenOf(condition: string): When {
  return judge(tokensOf(condition)).yes;
}

/** Both have to be so. */
export function both(a: When, b: When): When {
  if (a.on === 'never' || b.on === 'never') return NEVER;
  if (a.on === 'unsure' || b.on === 'unsure') return UNSURE;
  if (a.self !== undefined && b.self !== undefined && a.self !== b.self) return UNSURE;
  const self = a.self ?? b.self;
  if (a.on !== 'always' && b.on !== 'always' && a.on !== b.on) return NEVER;
  return { on: a.on === 'always' ? b.on : a.on, ...defined({ self }) };
}

const ALWAYS: When = { on: 'always' };
const NEVER: When = { on: 'never' };
const UNSURE: When = { on: 'unsure' };

const PIECES =
  /\s+|--[^\n]*|([eE]?'(?:[^'\\]|''|\\[\s\S])*')|(\$([\p{L}_][\p{L}\p{N}_]*)?\$)|("(?:[^"]|"")*")|([\p{L}_][\p{L}\p{N}_$]*)|(\d+(?:\.\d+)?)|(:=|::|<>|!=|<=|>=|\|\||<<|>>|[\s\S])/uy;

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length;) {
    if (source.startsWith('/*', at)) {
      at = endOfComment(source, at);
      continue;
    }
    PIECES.lastIndex = at;
    const match = PIECES.exec(source);
    if (match === null) break;
    at = PIECES.lastIndex;
    const [, text, dollar, , quoted, word, number, sign] = match;
    if (dollar !== undefined) {
      const end = source.indexOf(dollar, at);
      at = end === -1 ? source.length : end + dollar.length;
      tokens.push({ kind: 'text', text: dollar });
    } else if (text !== undefined) tokens.push({ kind: 'text', text });
    else if (quoted !== undefined) tokens.push({ kind: 'word', text: quoted.slice(1, -1).replaceAll('""', '"') });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase() });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

/** Comments of PostgreSQL nest. */
function endOfComment(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    if (source.startsWith('/*', at)) depth += 1;
    else if (source.startsWith('*/', at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return source.length;
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

interface Judged {
  readonly yes: When;
  readonly no: When;
}

const CHANGED: Judged = { yes: ALWAYS, no: NEVER };
const UNCHANGED: Judged = { yes: NEVER, no: ALWAYS };
const NOBODY_KNOWS: Judged = { yes: UNSURE, no: UNSURE };

/** When a condition holds, and when it does not. A restore always changes something, so that "has anything changed" is always so. */
function judge(tokens: readonly Token[]): Judged {
  const inner = unwrapped(tokens);
  const alternatives = split(inner, 'or');
  if (alternatives.length > 1) {
    const judged = alternatives.map(judge);
    const yes = judged.map((each) => each.yes);
    if (yes.some(({ on, self }) => on === 'always' && self === undefined)) return CHANGED;
    const kinds = new Set(yes.filter(({ on }) => on !== 'never').map(({ on, self }) => (self === undefined ? on : 'unsure')));
    if (kinds.has('unsure')) return NOBODY_KNOWS;
    if (kinds.size === 2) return CHANGED;
    const [only] = judged.filter((each) => each.yes.on !== 'never');
    return only ?? UNCHANGED;
  }
  const parts = split(inner, 'and');
  if (parts.length > 1) {
    const judged = parts.map(judge);
    const open = judged.filter((each) => each.yes.on !== 'always' || each.yes.self !== undefined);
    return { yes: judged.map((each) => each.yes).reduce(both), no: open.length === 0 ? NEVER : open.length === 1 ? (open[0]?.no ?? UNSURE) : UNSURE };
  }
  if (inner[0]?.text === 'not') {
    const { yes, no } = judge(inner.slice(1));
    return { yes: no, no: yes };
  }
  return judgeTerm(inner);
}

function judgeTerm(tokens: readonly Token[]): Judged {
  const text = tokens.map((token) => token.text).join(' ');
  if (text === 'true') return CHANGED;
  if (text === 'false') return UNCHANGED;
  const operation = /^tg_op (=|<>|!=) '(INSERT|UPDATE|DELETE|TRUNCATE)'$/.exec(text) ?? /^tg_op (not in|in) \( (.*) \)$/.exec(text);
  if (operation !== null) {
    const [, sign = '', named = ''] = operation;
    const judged = judgeOperations(named);
    return sign === '=' || sign === 'in' ? judged : { yes: judged.no, no: judged.yes };
  }
  const depth = /^pg_trigger_depth \( \) (=|<|<=|>|>=|<>|!=) (\d+)$/.exec(text);
  if (depth !== null) return judgeDepth(depth[1] ?? '', Number(depth[2]));
  const compared = /^(.*?) (is distinct from|is not distinct from|=|<>|!=) (.*)$/.exec(text);
  if (compared === null) return NOBODY_KNOWS;
  const [, left = '', sign = '', right = ''] = compared;
  const same = sign === '=' || sign === 'is not distinct from';
  if (new Set([rowOf(left), rowOf(right)]).size === 2 && rowOf(left) !== undefined && rowOf(right) !== undefined) return same ? UNCHANGED : CHANGED;
  const [mine, theirs] = [/^(new|old) \. (.+)$/.exec(left), /^(new|old) \. (.+)$/.exec(right)];
  if (mine === null || theirs === null || mine[1] === theirs[1] || mine[2] !== theirs[2] || mine[2] === undefined) return NOBODY_KNOWS;
  const self: When = { on: 'always', self: mine[2] };
  return same ? { yes: self, no: UNSURE } : { yes: UNSURE, no: self };
}

function judgeOperations(named: string): Judged {
  const [insert, update] = [/INSERT/.test(named), /UPDATE/.test(named)];
  if (insert && update) return CHANGED;
  if (insert) return { yes: { on: 'insert' }, no: { on: 'update' } };
  if (update) return { yes: { on: 'update' }, no: { on: 'insert' } };
  return UNCHANGED;
}

/** A trigger that a statement of ours sets off has depth 1. */
function judgeDepth(sign: string, depth: number): Judged {
  const holds =
    sign === '='
      ? depth === 1
      : sign === '<'
        ? depth > 1
        : sign === '<='
          ? depth >= 1
          : sign === '>'
            ? depth < 1
            : sign === '>='
              ? depth <= 1
              : depth !== 1;
  return holds ? CHANGED : UNCHANGED;
}

/** `new` or `old` where a text names the whole record. */
function rowOf(text: string): string | undefined {
  return /^(?:row \( )?(new|old)(?: \. \*)?(?: \))?$/.exec(text)?.[1];
}

/** Without the brackets around the whole. */
function unwrapped(tokens: readonly Token[]): readonly Token[] {
  let inner = tokens;
  while (inner[0]?.text === '(' && closing(inner) === inner.length - 1) inner = inner.slice(1, -1);
  return inner;
}

function closing(tokens: readonly Token[]): number {
  let depth = 0;
  return tokens.findIndex(({ text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return depth === 0;
  });
}

function split(tokens: readonly Token[], by: string): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (token.text === by && token.kind === 'word' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** Words of expressions whose value comes from the clock, the session or a sequence. */
const SOURCES = new Set(
  `now clock_timestamp statement_timestamp transaction_timestamp timeofday current_timestamp localtimestamp current_date current_time localtime
   current_user session_user user current_role txid_current txid_current_if_assigned pg_current_xact_id gen_random_uuid uuid_generate_v1 uuid_generate_v4
   uuidv4 uuidv7 nextval current_setting inet_client_addr pg_backend_pid random tg_op tg_name tg_table_name tg_relname`.split(/\s+/),
);
/** Words that change nothing about where a value comes from. */
const PLAIN = new Set(
  `coalesce nullif date_trunc extract epoch from to_char to_timestamp round floor ceil ceiling trunc cast as at time zone interval null true false timestamp
   timestamptz with without text varchar character varying bigint smallint int integer int2 int4 int8 numeric decimal date uuid double precision real boolean
   bool name jsonb json pg_catalog public clock utc auth uid`.split(/\s+/),
);
const SIGNS = new Set(['(', ')', ',', '::', '+', '-', '*', '/', '||', '.', '[', ']']);

/** Names that a function declares, and those of them whose every value comes from the clock, the session or nothing. */
interface Variables {
  readonly declared: ReadonlySet<string>;
  readonly clean: ReadonlySet<string>;
}

/** True where a value does not depend on what is written: the clock, the user, a constant, or a counter of the column itself. */
function isOfItself(value: readonly Token[], column: string, { declared, clean }: Variables): boolean {
  if (value.length === 0) return false;
  const counter = value.map(({ text }) => text).join(' ');
  const counted = /^(?:coalesce \( )?(?:old|new) \. (\S+)(?: , \d+ \))? \+ \d+$/.exec(counter);
  if (counted !== null) return counted[1] === column;
  return value.every((token, i) => {
    if (token.kind !== 'word') return token.kind !== 'sign' || SIGNS.has(token.text);
    if (value[i - 1]?.text === '.' || value[i + 1]?.text === '.') return PLAIN.has(token.text) || SOURCES.has(token.text);
    return declared.has(token.text) ? clean.has(token.text) : SOURCES.has(token.text) || PLAIN.has(token.text);
  });
}
