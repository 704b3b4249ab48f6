import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { expectedWords, mismatchWords } from '../../src/lib/index.js';

// A person who mistypes reads what a program says to programs: "Too big: expected number to be <=10000".
describe('what a schema wants, in words', () => {
  const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
    [z.number().max(3), 5, 'at most 3'],
    [z.number().lt(3), 5, 'less than 3'],
    [z.number().positive(), 0, 'more than 0'],
    [z.number().min(1), 0, 'at least 1'],
    [z.number().multipleOf(5), 3, 'a multiple of 5'],
    [z.int(), 1.5, 'a whole number'],
    [z.string(), 7, 'a text'],
    [z.string().min(1), '', 'a text that is not empty'],
    [z.string().max(3), 'abcd', 'at most 3 characters'],
    [z.string().length(1), 'ab', 'exactly 1 character'],
    [z.string().startsWith('env:'), 'x', 'a text that begins with env:'],
    [z.string().regex(/^a/), 'b', 'a text of the form /^a/'],
    [z.url(), 'x', 'an address such as https://example.com/path'],
    [z.email(), 'x', 'an e-mail address'],
    [z.iso.datetime(), 'x', 'a time such as 2026-11-30T08:00:00Z'],
    [z.array(z.string()).min(1), [], 'a list that is not empty'],
    [z.array(z.string()).min(2), ['a'], 'at least 2 entries'],
    [z.array(z.string()).max(1), ['a', 'b'], 'at most 1 entry'],
    [z.enum(['a', 'b']), 'c', 'one of a, b'],
    [z.literal('a'), 'b', 'a'],
    [z.union([z.string(), z.number()]), true, 'a text or a number'],
    [z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]), { k: 'c' }, 'one of a, b'],
    [z.strictObject({}), { b: 1 }, 'no key called "b"'],
    [z.record(z.string().startsWith('x'), z.string()), { a: 'b' }, 'a text that begins with x'],
    [z.string().refine(() => false), 'a', 'another value'],
    [z.string().max(3, 'three letters'), 'abcd', 'three letters'],
  ];
  test.each(cases)('%#', (schema, value, words) => {
    expect(schema.safeParse(value, { error: expectedWords }).error?.issues[0]?.message).toBe(words);
  });

  test('where nothing says "expected" before it', () => {
    expect(z.number().max(3).safeParse(5, { error: mismatchWords }).error?.issues[0]?.message).toBe('expected at most 3');
    expect(z.union([z.string(), z.number()]).safeParse(true, { error: mismatchWords }).error?.issues[0]?.message).toBe('expected a text or a number');
  });
});
