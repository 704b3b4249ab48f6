import * as fc from 'fast-check';

/**
 * The seed of every property test under CI: what a fresh clone tests today it tests tomorrow. New stories are for those
 * who look for faults.
 */
const PINNED = 20_261_127;

/**
 * Set up before each test file. RUNBACK_TEST_SEED takes a seed of one's own; with CI=true it is pinned; else each run
 * takes a fresh one, which a failure names.
 */
const given = process.env['RUNBACK_TEST_SEED'];
const seed = given === undefined ? (process.env['CI'] === 'true' ? PINNED : undefined) : Number(given);
/** A seed for what draws its own numbers: the one that is set, else a fresh one. */
export function seedOf(): number {
  return seed ?? Math.floor(Math.random() * 2 ** 31);
}

if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
