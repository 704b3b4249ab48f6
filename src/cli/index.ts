import { readFile } from 'node:fs/promises';

import type { Wiring } from './session/wiring.js';

/**
 * Runs one command line and gives the exit status. Never throws. Only light modules are loaded at the top:
 * `--help`, `--version` and `completion` words come without the command machinery.
 */
export async function runCli(process: NodeJS.Process, wiring: Wiring): Promise<number> {
  const words = process.argv.slice(2);
  if (words.length === 1 && (words[0] === '--help' || words[0] === '-h' || words[0] === 'help')) {
    const [{ topLevelHelp }, { guardOutputs }] = await Promise.all([import('./shell/help.js'), import('./shell/outputs.js')]);
    guardOutputs(process);
    process.stdout.write(topLevelHelp());
    return 0;
  }
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
    process.stdout.write(`runback ${version}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./shell/run.js');
  return runCommandLine(process, words, wiring);
}
