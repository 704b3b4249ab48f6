import { malformedQuery } from '../failure.js';
import type { Comparison, Condition, Literal, Path, Query, Selected, Sorting } from './ast.js';
import { type Token, tokensOf, unexpected } from './tokens.js';

const COMPARISONS: ReadonlySet<string> = new Set(['=', '!=', '<>', '<', '>', '<=', '>=', 'LIKE']);
const CLAUSES = /^(?:FROM|WHERE|ORDER|LIMIT|OFFSET|USING|WITH|GROUP|HAVING|FOR|ALL)$/i;
/** What Salesforce knows, and this copy does not. */
const UNKNOWN = /^(?:GROUP|HAVING|WITH|USING|FOR|TYPEOF)$/i;
const LONGEST = 100_000;

/** Reads a query. Throws MALFORMED_QUERY. */
export function parseQuery(text: string): Query {
  if (text.length > LONGEST) throw malformedQuery(`SOQL statements cannot be longer than ${LONGEST} characters.`);
  const parser = new Parser(text);
  const query = parser.query();
  parser.end();
  return query;
}

/** Reads what stands behind WHERE. */
export function parseCondition(text: string): Condition {
  const parser = new Parser(text);
  const condition = parser.condition();
  parser.end();
  return condition;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(private readonly text: string) {
    this.#tokens = tokensOf(text);
  }

  end(): void {
    if (this.#peek().kind !== 'end') throw this.#bad();
  }

  query(): Query {
    this.#word('SELECT');
    const counts = this.#isCall('count') && this.#at(2).value === ')';
    if (counts) this.#next += 3;
    const select = counts ? [] : this.#list(() => this.#selected());
    this.#word('FROM');
    const from = this.#path();
    if (this.#peek().kind === 'word' && !CLAUSES.test(this.#peek().value)) this.#next += 1;
    const where = this.#takes('WHERE') ? this.condition() : undefined;
    const orderBy = this.#takes('ORDER') ? (this.#word('BY'), this.#list(() => this.#sorting())) : [];
    const limit = this.#takes('LIMIT') ? this.#count() : undefined;
    const offset = this.#takes('OFFSET') ? this.#count() : 0;
    if (UNKNOWN.test(this.#peek().value)) throw malformedQuery(`The local sandbox does not know ${this.#peek().value.toUpperCase()}`);
    return { counts, select, from, where, orderBy, limit, offset, text: this.text };
  }

  /** AND and OR may not stand next to each other without parentheses, as at Salesforce. */
  condition(): Condition {
    const all = [this.#term()];
    const word = /^(?:AND|OR)$/i.exec(this.#peek().value)?.[0].toUpperCase();
    if (word === undefined || this.#peek().kind !== 'word') return all[0] as Condition;
    while (this.#takes(word)) all.push(this.#term());
    if (/^(?:AND|OR)$/i.test(this.#peek().value)) throw this.#bad();
    return { kind: word === 'AND' ? 'and' : 'or', all };
  }

  #term(): Condition {
    if (this.#takes('NOT')) return { kind: 'not', of: this.#term() };
    if (this.#sign('(')) {
      const inner = this.condition();
      this.#must(')');
      return inner;
    }
    const path = this.#path();
    const negated = this.#takes('NOT');
    if (this.#takes('IN')) return this.#in(path, negated);
    if (negated) throw this.#bad();
    const excludes = this.#takes('EXCLUDES');
    if (excludes || this.#takes('INCLUDES')) return { kind: 'includes', path, negated: excludes, values: this.#values() };
    const by = this.#peek().value.toUpperCase();
    if (!COMPARISONS.has(by)) throw this.#bad();
    this.#next += 1;
    return { kind: 'compare', path, by: (by === '<>' ? '!=' : by) as Comparison, to: this.#literal() };
  }

  #in(path: Path, negated: boolean): Condition {
    if (this.#at(1).value.toUpperCase() !== 'SELECT') return { kind: 'in', path, negated, values: this.#values() };
    this.#must('(');
    const query = this.query();
    this.#must(')');
    return { kind: 'in-query', path, negated, query };
  }

  #values(): readonly Literal[] {
    this.#must('(');
    const values = this.#list(() => this.#literal());
    this.#must(')');
    return values;
  }

  #selected(): Selected {
    if (this.#sign('(')) {
      const query = this.query();
      this.#must(')');
      return { kind: 'children', query };
    }
    if (UNKNOWN.test(this.#peek().value)) throw malformedQuery(`The local sandbox does not know ${this.#peek().value.toUpperCase()}`);
    if (this.#isCall('fields')) {
      this.#next += 2;
      const which = this.#peek().value.toUpperCase();
      if (which !== 'ALL' && which !== 'STANDARD' && which !== 'CUSTOM') throw this.#bad();
      this.#next += 1;
      this.#must(')');
      return { kind: 'fields', which };
    }
    const path = this.#path();
    if (this.#peek().value === '(') throw malformedQuery(`The local sandbox does not know the function ${path.names.join('.')}`);
    return { kind: 'field', path };
  }

  #sorting(): Sorting {
    const path = this.#path();
    const descending = this.#takes('DESC');
    if (!descending) this.#takes('ASC');
    if (!this.#takes('NULLS')) return { path, descending, nullsLast: false };
    const nullsLast = this.#takes('LAST');
    if (!nullsLast) this.#word('FIRST');
    return { path, descending, nullsLast };
  }

  #literal(): Literal {
    const { kind, value } = this.#peek();
    this.#next += 1;
    if (kind === 'text' || kind === 'date' || kind === 'datetime') return { kind, value };
    if (kind === 'number') return { kind, value: Number(value) };
    if (kind === 'word') {
      const [word = '', n = '0'] = value.toUpperCase().split(':');
      if (word === 'NULL') return { kind: 'null' };
      if (word === 'TRUE' || word === 'FALSE') return { kind: 'boolean', value: word === 'TRUE' };
      if (/^(?:TODAY|YESTERDAY|TOMORROW|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR|90_DAYS)|(?:LAST|NEXT)_N_DAYS)$/.test(word))
        return { kind: 'range', word, n: Number(n) };
    }
    this.#next -= 1;
    throw this.#bad();
  }

  #path(): Path {
    const { kind, value, at } = this.#peek();
    if (kind !== 'word' || value.includes(':')) throw this.#bad();
    this.#next += 1;
    return { names: value.split('.'), at };
  }

  #count(): number {
    const { kind, value } = this.#peek();
    if (kind !== 'number' || !/^\d+$/.test(value)) throw this.#bad();
    this.#next += 1;
    return Number(value);
  }

  #list<T>(one: () => T): readonly T[] {
    const all = [one()];
    while (this.#sign(',')) all.push(one());
    return all;
  }

  #isCall(name: string): boolean {
    return this.#peek().value.toLowerCase() === name && this.#at(1).value === '(';
  }

  #at(ahead: number): Token {
    return this.#tokens[this.#next + ahead] ?? { kind: 'end', value: '<EOF>', at: this.text.length };
  }

  #peek(): Token {
    return this.#at(0);
  }

  #takes(word: string): boolean {
    const { kind, value } = this.#peek();
    const isThere = kind === 'word' && value.toUpperCase() === word;
    if (isThere) this.#next += 1;
    return isThere;
  }

  #word(word: string): void {
    if (!this.#takes(word)) throw this.#bad();
  }

  #sign(sign: string): boolean {
    const isThere = this.#peek().kind === 'sign' && this.#peek().value === sign;
    if (isThere) this.#next += 1;
    return isThere;
  }

  #must(sign: string): void {
    if (!this.#sign(sign)) throw this.#bad();
  }

  #bad(): Error {
    const { value, at } = this.#peek();
    return unexpected(this.text, at, `unexpected token: '${value}'`);
  }
}
