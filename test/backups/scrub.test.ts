import { expect, it } from 'vitest';

import { scrubber } from '../../src/backups/forget/scrub.js';

const scrub = scrubber({ keys: ['ann.lee@example.com'], values: ['Annabel Lee', 'Annabel', '+49 151 998', '30.5'] });

/** A user would lose: what others wrote, or a name that stays where nobody looks. */
it('takes texts out where they stand as words, and leaves everything else as it is', () => {
  for (const [text, wanted] of [
    ['ANN.LEE@example.com wrote', '(forgotten) wrote'],
    ['joann.lee@example.com wrote', 'joann.lee@example.com wrote'],
    ['Annabel Lee, Annabel.', '(forgotten), (forgotten).'],
    ['Annabella and annabel', 'Annabella and annabel'],
    ['call +49 151 998!', 'call (forgotten)!'],
    ['30.5 of 3035', '(forgotten) of 3035'],
  ])
    expect(scrub(text)).toBe(wanted);
});

it('gives back the very value where nothing is in it, and names of members and what names other things stay', () => {
  const plain = { a: ['x', { n: 1, none: null }], 'Annabel Lee': 'y' };
  expect(scrub(plain)).toBe(plain);
  const held = { key: 'Annabel', keys: ['ann.lee@example.com', 'Annabel'], why: ['Annabel'], deep: { at: 'Annabel Lee' } };
  expect(scrub(held)).toEqual({ key: 'Annabel', keys: ['(forgotten)', 'Annabel'], why: ['(forgotten)'], deep: { at: '(forgotten)' } });
});
