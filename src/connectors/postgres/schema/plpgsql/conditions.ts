import { defined } from '../../../../lib/index.js';
import { split, type Token, tokensOf, unwrapped } from './tokens.js';

/**
 * When something in a trigger function happens: on which kinds of write, or nobody can say. `self`: only where this
 * column was not written.
 */
export interface When {
  readonly on: 'always' | 'insert' | 'update' | 'never' | 'unsure';
  readonly self?: string;
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

export const ALWAYS: When = { on: 'always' };
export const NEVER: When = { on: 'never' };
export const UNSURE: When = { on: 'unsure' };

interface Judged {
  readonly yes: When;
  readonly no: When;
}

const CHANGED: Judged = { yes: ALWAYS, no: NEVER };
const UNCHANGED: Judged = { yes: NEVER, no: ALWAYS };
const NOBODY_KNOWS: Judged = { yes: UNSURE, no: UNSURE };

/**
 * When a condition holds, and when it does not. A restore always changes something, so that "has anything changed" is
 * always so.
 */
export function judge(tokens: readonly Token[]): Judged {
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
