import type { Asker } from './asker.js';

/** Asks for `<environment>:<records>` until exactly that is typed. */
export async function typeConfirmation(asker: Asker, expect: string): Promise<string> {
  const typed = await asker.text({
    message: `Type ${expect} to go ahead (Ctrl-C to stop)`,
    validate: (value) => value.trim() === expect || `That is not ${expect}. Nothing was written.`,
  });
  return typed.trim();
}
