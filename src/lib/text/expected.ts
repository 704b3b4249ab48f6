import type { z } from 'zod';

/** Kinds of values as people call them, by the names that schemas and `typeof` have for them. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'keys with values',
  record: 'keys with values',
  map: 'keys with values',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'an address such as https://example.com/path',
  email: 'an e-mail address',
  datetime: 'a time such as 2026-11-30T08:00:00Z',
  date: 'a date such as 2026-11-30',
  time: 'a time of day such as 08:00:00',
  uuid: 'a UUID',
  guid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  json_string: 'JSON',
  lowercase: 'small letters only',
  uppercase: 'capital letters only',
};

/** A kind of value as people call it. */
export function kindWords(kind: string): string {
  return KINDS[kind] ?? kind;
}

/**
 * What a schema wants, to stand after "expected": for a check that has no words of its own. To be given as `error` to
 * `safeParse`, since the library's own words are those of a program.
 */
export function expectedWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return kindWords(String(issue.expected));
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'too_big':
      return amount(issue.origin, issue.maximum, issue.exact === true ? 'exactly' : issue.inclusive === false ? 'less than' : 'at most');
    case 'too_small':
      if (Number(issue.minimum) === 1 && issue.exact !== true && !isNumber(issue.origin)) return `${kindWords(issue.origin)} that is not empty`;
      return amount(issue.origin, issue.minimum, issue.exact === true ? 'exactly' : issue.inclusive === false ? 'more than' : 'at least');
    case 'not_multiple_of':
      return `a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return format(issue);
    case 'unrecognized_keys':
      return `no key called ${issue.keys.map((key: string) => `"${key}"`).join(', ')}`;
    case 'invalid_union':
      return union(issue);
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'another name';
    case 'invalid_element':
    case 'custom':
    default:
      return 'another value';
  }
}

/** The same where no "expected" stands before it. */
export function mismatchWords(issue: z.core.$ZodRawIssue): string {
  return `expected ${String(expectedWords(issue))}`;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

const isNumber = (origin: string): boolean => ['number', 'int', 'bigint', 'date'].includes(origin);

function amount(origin: string, limit: unknown, how: string): string {
  const number = String(limit);
  if (isNumber(origin)) return `${how} ${number}`;
  const [one, many] = origin === 'string' ? ['character', 'characters'] : origin === 'file' ? ['byte', 'bytes'] : ['entry', 'entries'];
  return `${how} ${number} ${number === '1' ? one : many}`;
}

function format(issue: Extract<z.core.$ZodRawIssue, { code: 'invalid_format' }>): string {
  const {
    format: name,
    prefix,
    suffix,
    includes,
    pattern,
  } = issue as typeof issue & {
    readonly prefix?: string;
    readonly suffix?: string;
    readonly includes?: string;
  };
  if (prefix !== undefined) return `a text that begins with ${prefix}`;
  if (suffix !== undefined) return `a text that ends with ${suffix}`;
  if (includes !== undefined) return `a text with ${includes} in it`;
  return FORMATS[name] ?? (pattern === undefined ? 'another form' : `a text of the form ${pattern}`);
}

/** The words of its branches came by the same way, maybe with "expected" before them. */
function union({ errors, options }: Extract<z.core.$ZodRawIssue, { code: 'invalid_union' }> & { readonly options?: unknown }): string {
  if (errors.length === 0 && Array.isArray(options)) return oneOf(options.map(String));
  const whole = errors.flatMap((some) => some.filter(({ path }) => path.length === 0));
  const words = new Set(whole.map(({ message }) => message.replace(/^expected /u, '')));
  return words.size === 0 ? 'another form' : [...words].join(' or ');
}
