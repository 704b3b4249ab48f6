// A short run on the Node that executes this file: help, a wrong word, and the demo without a terminal.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/runback.js', import.meta.url));
const cases = [
  { args: ['--help'], exit: 0, says: /runback/ },
  { args: ['runbok'], exit: 64, says: /runbook/ },
  { args: ['runbook', 'lint', '--json'], exit: 0, says: /"ok":true/ },
  // Each sets flags of its own on V8, which complains on the screen about one that it does not know.
  ...['snapshot', 'restore', 'investigate', 'reconcile'].map((noun) => ({
    args: [noun, '--help'],
    exit: 0,
    says: new RegExp(`runback ${noun}`),
    quiet: true,
  })),
  { args: ['demo', '--no-input', '--small'], exit: 0, says: /damaged cells left/ },
];
for (const { args, exit, says, quiet = false } of cases) {
  const result = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', input: '' });
  const output = `${result.stdout}${result.stderr}`;
  if (result.status !== exit || !says.test(output) || (quiet && result.stderr !== '')) {
    console.error(
      `FAIL on Node ${process.version}: runback ${args.join(' ')} gave ${result.status}, expected ${exit} and ${says}${quiet ? ', and no complaint' : ''}\n${output}`,
    );
    process.exit(1);
  }
}
console.log(`ok   Node ${process.version}: ${cases.length} commands`);
