import { expect, test } from 'vitest';

import type { Asker } from '../../src/cli/prompts/asker.js';
import { confirmOrGoBack, typeConfirmation } from '../../src/cli/prompts/confirmation.js';

/** Answers with one text, and gives what the question says to it where it does not fit. */
function answering(text: string): { readonly asker: Asker; refused(): string | undefined } {
  let refused: string | undefined;
  const asker = {
    text: async ({ validate }: Parameters<Asker['text']>[0]) => {
      const verdict = validate?.(text) ?? true;
      if (verdict !== true) refused = verdict;
      return await Promise.resolve(text);
    },
  } as Partial<Asker> as Asker;
  return { asker, refused: () => refused };
}

test.each([
  ['blanks around it', ' production:256 '],
  ['no-break spaces', '\u00A0production:256\u202F'],
  ['a newline', 'production:256\r\n'],
  ['a zero-width space', 'production:\u200B256'],
  ['a byte order mark', '\uFEFFproduction:256'],
  ['marks of direction, as chats put around what is copied', '\u2068production:256\u2069'],
  ['a soft hyphen', 'produc\u00ADtion:256'],
])('a confirmation that is pasted with %s is what a person sees', async (_, text) => {
  const { asker, refused } = answering(text);
  expect(await typeConfirmation(asker, 'production:256')).toBe('production:256');
  expect(refused()).toBe(undefined);
});

test.each(['', 'production:25', 'production:2567', 'production: 256', 'Production:256', 'production\uFF1A256', 'y', '\u200B'])(
  'anything else that is seen is refused: %j',
  async (text) => {
    const { asker, refused } = answering(text);
    await typeConfirmation(asker, 'production:256');
    expect(refused()).toBe('That is not production:256. Nothing was written.');
  },
);

test('the word that leads back may be pasted too', async () => {
  expect(await confirmOrGoBack(answering('\u200Bback ').asker, 'production:256')).toBe(undefined);
});
