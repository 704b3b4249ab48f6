import fc from 'fast-check';
import { expect, it } from 'vitest';

import { maskMessage } from '../../src/calls/index.js';
import { phraseReplacer } from '../../src/lib/index.js';
import { tries } from '../support/sweeps.js';

const word = fc.constantFrom('maya', 'Maya', 'Ortiz', 'a@b.c', 'İ', 'é', '(x)', '7', '.', '😀', 'ß');
const phrase = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const text = fc.array(fc.tuple(word, fc.constantFrom(' ', '', '  ', '\n')), { maxLength: 12 }).map((pairs) => pairs.flat().join(''));

it('whatever is replaced as words of its own is what one pattern of all phrases would replace', () => {
  fc.assert(
    fc.property(fc.array(phrase, { minLength: 1, maxLength: 4 }), text, (phrases, within) => {
      const longest = [...new Set(phrases)].sort((a, b) => b.length - a.length).map((each) => each.replaceAll(/[().]/gu, String.raw`\$&`));
      const slow = within.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])(?:${longest.join('|')})(?![\\p{L}\\p{N}])`, 'gu'), '#');
      expect(phraseReplacer(phrases)(within, () => '#')).toBe(slow);
    }),
    { numRuns: tries(8000) },
  );
});

it('phrases that are too long for any pattern, and very many, are found too, and only as words of their own', () => {
  const story = 'Ann called [twice], '.repeat(1000).trim();
  const many = Array.from({ length: 400 }, (_, n) => `value ${n} of them`);
  const replace = phraseReplacer([story, ...many], { anyCase: true, anyBlanks: true });
  const spaced = story.replaceAll(' ', '\n ').toUpperCase();
  expect(replace(`It says ${spaced}: value 399 OF them. x${story} ${story.slice(1)}`, () => '#')).toBe(`It says #: #. x${story} ${story.slice(1)}`);
});

it('a refusal is kept without a long value that was sent, whole or as much of it as the platform repeats', () => {
  const note = 'please call about the illness of his mother and the operation '.repeat(1200).trim();
  expect(maskMessage(`The value ${note} is too long`, [note])).toBe('The value … is too long');
  expect(maskMessage(`data value too large: ${note.slice(0, 100)} (max length=255)`, [note])).toBe('data value too large: …');
  expect(maskMessage('x'.repeat(65_537), ['x'.repeat(65_537), 'y'.repeat(30_000)])).toBe('…');
});
