import { expect, it } from 'vitest';

import { scrubber } from '../../src/backups/forget/scrub.js';

const scrub = scrubber({ keys: ['ann.lee@example.com', 'plan'], values: ['Annabel Lee', 'Annabel', '+49 151 998', '30.5', '4915112345678'] });

/** A user would lose: what others wrote, or a name that stays where nobody looks. */
it('takes texts out where they stand as words, and leaves everything else as it is', () => {
  for (const [text, wanted] of [
    ['ANN.LEE@example.com wrote', '(forgotten) wrote'],
    ['joann.lee@example.com wrote', 'joann.lee@example.com wrote'],
    ['Annabel Lee, Annabel.', '(forgotten), (forgotten).'],
    ['Annabella and annabel', 'Annabella and annabel'],
    ['call +49 151 998!', 'call (forgotten)!'],
    ['30.5 of 3035', '(forgotten) of 3035'],
    ['plan-20261129-075246-jda6', 'plan-20261129-075246-jda6'],
    ['the plan', 'the plan'],
  ])
    expect(scrub(text)).toBe(wanted);
});

/** A user would lose: pages that reach nobody, and journals that nothing can be undone from. */
it('looks only at what people wrote and programs answered: nothing is found again by that', () => {
  const plain = {
    title: 'x',
    status: 'Annabel',
    to: { value: 'ann.lee@example.com' },
    targets: [{ person: 'Annabel' }],
    set: { name: 'Annabel', note: 'Annabel' },
  };
  expect(scrub(plain)).toBe(plain);
  const held = {
    key: 'Annabel',
    why: ['Annabel', 7],
    outputs: { plan: 'plan-20261129-075246-jda6', json: { phone: 4915112345678, deep: 'Annabel Lee' } },
  };
  expect(scrub(held)).toEqual({
    key: 'Annabel',
    why: ['(forgotten)', 7],
    outputs: { plan: 'plan-20261129-075246-jda6', json: { phone: '(forgotten)', deep: '(forgotten)' } },
  });
});

it('a person with a note of a hundred thousand letters is forgotten too, an address in it or not', () => {
  const notes = ['Called, wants a quote. '.repeat(5000).trim(), `Write to ann.lee@example.com. ${'She called again. '.repeat(3000).trim()}`];
  const long = scrubber({ keys: [], values: [...notes, 'Annabel'] });
  expect(long(`Annabel: ${notes[0] ?? ''} / ${notes[1] ?? ''}`)).toBe('(forgotten): (forgotten) / (forgotten)');
});
