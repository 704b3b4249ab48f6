// Runs every static check and says what each saw. A check that looked at nothing is a failure.
import { spawnSync } from 'node:child_process';

const run = (name, args, inspect) => {
  const started = Date.now();
  const result = spawnSync(process.execPath, [`node_modules/${name}`, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
  const output = `${result.stdout}${result.stderr}`;
  const verdict = result.status === 0 ? (inspect?.(output) ?? '') : undefined;
  const failed = verdict === undefined || verdict === false;
  console.log(`${failed ? 'FAIL' : 'ok  '} ${args.label ?? name.split('/')[0]} ${verdict || ''} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (failed) console.log(output);
  return !failed;
};

const modulesSeen = (output) => {
  const seen = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  return seen >= 20 ? `${seen} modules` : false;
};
const filesSeen = (output) => {
  const seen = Number(/on (\d+) files/.exec(output)?.[1] ?? 0);
  return seen >= 20 ? `${seen} files` : false;
};

const checks = [
  () => run('typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit'], () => 'types'),
  () => run('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', 'src', 'test', 'bench', 'scripts'], filesSeen),
  () => run('oxfmt/bin/oxfmt', ['--check', 'src', 'test', 'bench', 'scripts'], () => 'format'),
  () => run('dependency-cruiser/bin/dependency-cruise.mjs', ['--config', '.dependency-cruiser.cjs', 'src'], modulesSeen),
  () => run('knip/bin/knip.js', ['--no-progress'], () => 'dead code'),
];
const results = checks.map((check) => check());
process.exitCode = results.every(Boolean) ? 0 : 1;
