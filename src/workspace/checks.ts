import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { CRON_FORM, cronProblem, didYouMean, DURATION_PATTERN, isZone, mayCarrySecrets, parseDuration } from '../lib/index.js';
import { BUCKET_FORM, isAddress, parseBucket } from './bucket.js';
import { carriedProblems } from './carried.js';
import { monitorProblems } from './monitors/checks.js';
import { entriesOf, field } from './raw.js';
import { SECRET_REF } from './schema.js';
import type { PathProblem } from './yaml.js';

const SECRET_NAME = /(token|password|passwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|routing[-_]?key|^authorization)$/i;
const URL_WITH_PASSWORD = /:\/\/[^/\s:@]*:[^@\s]+@/;
/** Keys of a sync that its schema knows; the others are settings of a driver. */
const SYNC_KEYS = new Set(['controller', 'title', 'writes_to', 'reacts_to', 'writes_as', 'fields', 'drain', 'carries', 'credentials']);

/** Shorter spans than this are mistakes in the unit. */
const SHORTEST_MS = 60_000;

/** What the schema of a runback.yml in this folder cannot see: names that lead nowhere, secrets in clear, places that are one. Copes with any data. */
export function* workspaceProblems(raw: unknown, folder: string): Generator<PathProblem> {
  yield* referenceProblems(raw);
  yield* secretProblems(raw);
  for (const [job, entry] of entriesOf(field(field(raw, 'backups'), 'jobs'))) yield* jobProblems(entry, ['backups', 'jobs', job]);
  const reconciliations = field(field(raw, 'backups'), 'reconciliations');
  yield* keepProblems(field(reconciliations, 'keep'), ['backups', 'reconciliations']);
  yield* zoneProblems(field(reconciliations, 'timezone'), ['backups', 'reconciliations', 'timezone']);
  for (const task of ['verify', 'prune']) {
    const timed = field(field(raw, 'backups'), task);
    yield* scheduleProblems(field(timed, 'schedule'), ['backups', task, 'schedule']);
    yield* zoneProblems(field(timed, 'timezone'), ['backups', task, 'timezone']);
  }
  yield* placeProblems(field(raw, 'backups'), ['backups']);
  yield* copyProblems(field(raw, 'backups'), folder);
  yield* monitorProblems(raw, folder);
}

/** A bucket needs an address of the right form and credentials; a folder has no use for them. */
function* placeProblems(place: unknown, path: PathProblem['path']): Generator<PathProblem> {
  const storage = field(place, 'storage');
  const inBucket = typeof storage === 'string' && isAddress(storage);
  if (inBucket && parseBucket(storage) === undefined)
    yield { path: [...path, 'storage'], message: 'is no address of a bucket', expected: `a folder relative to this file, or ${BUCKET_FORM}` };
  if (inBucket && field(place, 'credentials') === undefined)
    yield {
      path: [...path, 'credentials'],
      message: 'is missing, and a bucket needs them',
      expected: '{ key: env:S3_KEY, secret: env:S3_SECRET }',
    };
  for (const name of inBucket ? [] : ['endpoint', 'region', 'credentials', 'lock_for'])
    if (field(place, name) !== undefined)
      yield { path: [...path, name], message: 'is only for a bucket, and snapshots lie in a folder', expected: `with it, storage: ${BUCKET_FORM}` };
  const endpoint = field(place, 'endpoint');
  if (typeof endpoint === 'string' && !isOrigin(endpoint))
    yield { path: [...path, 'endpoint'], message: 'is no address of a storage service', expected: 'https://s3.example.com, without a path' };
}

/** A copy in the place of what it is a copy of is none; and its keep rules would delete what the jobs keep. */
function* copyProblems(backups: unknown, folder: string): Generator<PathProblem> {
  const taken = new Map(
    [...placeKeys({ storage: 'backups', ...Object.fromEntries(entriesOf(backups)) }, folder)].map((key) => [key, 'backups.storage']),
  );
  for (const [name, copy] of entriesOf(field(backups, 'copies'))) {
    const path = ['backups', 'copies', name];
    yield* placeProblems(copy, path);
    yield* keepProblems(field(copy, 'keep'), path);
    if (field(copy, 'verify') !== undefined && field(backups, 'verify') === undefined)
      yield {
        path: [...path, 'verify'],
        message: 'has no schedule',
        expected: 'backups: { verify: { schedule: "0 12 * * *" } }, whose rounds it is part of',
      };
    const keys = placeKeys(copy, folder);
    const same = keys.map((key) => taken.get(key)).find((found) => found !== undefined);
    if (same !== undefined) yield { path: [...path, 'storage'], message: `is the same place as ${same}`, expected: 'a place of its own' };
    for (const key of keys) if (!taken.has(key)) taken.set(key, `backups.copies.${name}.storage`);
  }
}

/** What a place is known by: two that have one of these in common are the same, under whatever names. */
function placeKeys(place: unknown, folder: string): readonly string[] {
  const [storage, endpoint] = [field(place, 'storage'), field(place, 'endpoint')];
  if (typeof storage !== 'string') return [];
  if (!isAddress(storage)) {
    const path = resolve(folder, storage);
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    return [path, ...(found === undefined ? [] : [`${found.dev}:${found.ino}`])];
  }
  const bucket = parseBucket(storage);
  // No two buckets of Amazon have one name, in whatever regions.
  const address = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint).host : 'amazon';
  return bucket === undefined ? [] : [`${address} ${bucket.bucket}/${bucket.prefix}`];
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && mayCarrySecrets(url) && url.pathname === '/' && url.search === '' && url.username === '';
}

function* referenceProblems(raw: unknown): Generator<PathProblem> {
  const names = new Set(entriesOf(field(raw, 'platforms')).map(([name]) => name));
  const check = function* (list: unknown, path: PathProblem['path']): Generator<PathProblem> {
    if (!Array.isArray(list)) return;
    for (const [index, word] of list.entries()) {
      if (typeof word !== 'string' || names.has(word)) continue;
      yield {
        path: [...path, index],
        message: `there is no platform "${word}"${didYouMean(word, names)}`,
        expected: names.size === 0 ? 'a name from platforms, which is empty' : `one of ${[...names].slice(0, 30).join(', ')}`,
      };
    }
  };
  for (const [sync, entry] of entriesOf(field(raw, 'syncs'))) {
    for (const list of ['writes_to', 'reacts_to']) yield* check(field(entry, list), ['syncs', sync, list]);
    yield* carriedProblems(field(entry, 'carries'), names, ['syncs', sync, 'carries']);
  }
  for (const [job, entry] of entriesOf(field(field(raw, 'backups'), 'jobs')))
    yield* check(field(entry, 'platforms'), ['backups', 'jobs', job, 'platforms']);
}

/** Schedules that never come, zones that nobody knows, spans of nothing, rules that keep nothing. */
function* jobProblems(job: unknown, path: PathProblem['path']): Generator<PathProblem> {
  const [zone, keep, test] = [field(job, 'timezone'), field(job, 'keep'), field(job, 'test_restore')];
  yield* scheduleProblems(field(job, 'schedule'), [...path, 'schedule']);
  yield* scheduleProblems(field(test, 'schedule'), [...path, 'test_restore', 'schedule']);
  yield* zoneProblems(zone, [...path, 'timezone']);
  if (field(job, 'pause_syncs') === true && field(job, 'syncs') === 'watch')
    yield { path: [...path, 'syncs'], message: 'pause_syncs and syncs: watch contradict each other', expected: 'syncs: pause, or no pause_syncs' };
  const window = field(job, 'window');
  if (typeof field(window, 'from') === 'string' && field(window, 'from') === field(window, 'to'))
    yield { path: [...path, 'window', 'to'], message: 'the window closes when it opens', expected: 'another time than from, or no window at all' };
  yield* spanProblems(field(job, 'target'), [...path, 'target']);
  yield* spanProblems(field(test, 'prove_within'), [...path, 'test_restore', 'prove_within']);
  yield* keepProblems(keep, path);
}

/** Rules of `path.keep` that keep nothing. */
function* keepProblems(keep: unknown, path: PathProblem['path']): Generator<PathProblem> {
  yield* spanProblems(field(keep, 'within'), [...path, 'keep', 'within']);
  if (typeof keep === 'object' && keep !== null && entriesOf(keep).length === 0 && !Array.isArray(keep))
    yield {
      path: [...path, 'keep'],
      message: '"keep" names no rule, so nothing says what stays',
      expected: 'a rule such as daily: 14, or no "keep" at all: then all snapshots stay',
    };
}

function* spanProblems(span: unknown, path: PathProblem['path']): Generator<PathProblem> {
  if (typeof span === 'string' && DURATION_PATTERN.test(span) && parseDuration(span) < SHORTEST_MS)
    yield { path, message: `"${span}" is too short`, expected: 'a minute or more, such as 26h' };
}

function* scheduleProblems(schedule: unknown, path: PathProblem['path']): Generator<PathProblem> {
  const problem = typeof schedule === 'string' && schedule !== '' ? cronProblem(schedule) : undefined;
  if (problem !== undefined) yield { path, message: `"${String(schedule)}" is not a schedule: ${problem}`, expected: CRON_FORM };
}

function* zoneProblems(zone: unknown, path: PathProblem['path']): Generator<PathProblem> {
  if (typeof zone === 'string' && zone !== '' && !isZone(zone))
    yield { path, message: `"${zone}" is not a known time zone`, expected: 'a name such as America/New_York, or UTC' };
}

function* secretProblems(raw: unknown): Generator<PathProblem> {
  for (const [name, platform] of entriesOf(field(raw, 'platforms'))) {
    const url = field(platform, 'url');
    const path = ['platforms', name, 'url'];
    if (typeof url === 'string' && url !== '' && !SECRET_REF.test(url)) {
      if (URL_WITH_PASSWORD.test(url))
        yield {
          path,
          message: 'the address holds a password, and a secret must not be in a file',
          expected: 'a reference such as env:DATABASE_URL',
          secret: true,
        };
      else if (!URL.canParse(url))
        yield { path, message: '"url" is not an address', expected: 'an address such as https://… or a secret reference such as env:DATABASE_URL' };
    }
    yield* literalsIn(field(platform, 'options'), ['platforms', name, 'options']);
  }
  for (const [name, sync] of entriesOf(field(raw, 'syncs')))
    for (const [key, setting] of entriesOf(sync)) if (!SYNC_KEYS.has(key)) yield* literalsIn(setting, ['syncs', name, key]);
}

/** Texts that are secrets by their name or their form, in any data. `expected` says where they belong instead. */
export function* literalsIn(value: unknown, path: PathProblem['path'], expected = 'a reference under credentials'): Generator<PathProblem> {
  if (typeof value === 'string' || typeof value === 'number') {
    const name = String(path.at(-1));
    const text = String(value);
    if ((SECRET_NAME.test(name) && !SECRET_REF.test(text) && !text.includes('${{')) || URL_WITH_PASSWORD.test(text))
      yield {
        path,
        message: `"${name}" holds a secret, and a secret must not be in a file`,
        expected,
        secret: true,
      };
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* literalsIn(item, [...path, index], expected);
  } else for (const [name, item] of entriesOf(value)) yield* literalsIn(item, [...path, name], expected);
}
