import type { Asker } from './asker.js';

/** The word that leads back instead of on. */
const BACK = 'back';

/** Asks for `<environment>:<records>` until exactly that is typed. */
export async function typeConfirmation(asker: Asker, expect: string): Promise<string> {
  return await typed(asker, expect, []);
}

/** The same, where there is an earlier decision to go back to: undefined where the person would rather do that. */
export async function confirmOrGoBack(asker: Asker, expect: string): Promise<string | undefined> {
  const text = await typed(asker, expect, [BACK]);
  return text === BACK ? undefined : text;
}

async function typed(asker: Asker, expect: string, others: readonly string[]): Promise<string> {
  const text = await asker.text({
    message: `Type ${expect} to go ahead (${others.map((word) => `${word} to decide again,  `).join('')}Ctrl-C to stop)`,
    validate: (value) => [expect, ...others].includes(seen(value)) || `That is not ${expect}. Nothing was written.`,
  });
  return seen(text);
}

/** What a person sees of it: a paste may bring blanks and signs that no screen shows. */
function seen(text: string): string {
  return text.replaceAll(/\p{Cf}/gu, '').trim();
}
