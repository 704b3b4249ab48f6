import { describeThere, inWords, type Platform } from '../../connectors/index.js';
import { type CallOptions, isRunbackError, newId, parseDuration, RunbackError } from '../../lib/index.js';
import {
  type Choice,
  connectorAccount,
  type LeakFindings,
  lockStage,
  MarkerNotes,
  type Marked,
  putBackOldMarkers,
  searchLeak,
  withMarkers,
} from '../../stages/index.js';
import type { Open } from './accept.js';
import type { NamedCheck } from './load.js';
import { type ParityDeps, withPlatform } from './open.js';
import type { LeakResult } from './result.js';

type Wanted = Exclude<NamedCheck['leak'], 'off'>;
type Pass = LeakFindings['read'][number];

/**
 * Marks texts in the test environment, looks for the markers in everything that production holds, and puts back what was
 * there. Production is only read. `test` is guarded. Throws `locked` while a drill or another check works on the account,
 * `stage-refused`, and what reaching the test environment throws.
 */
export async function lookForLeak(check: NamedCheck, wanted: Wanted, test: Platform, deps: ParityDeps, call: CallOptions): Promise<LeakResult> {
  const { store, clock } = deps;
  const notes = await MarkerNotes.open(store, test, clock);
  const { holdersOf } = await import('../../runbooks/index.js');
  const owner = { by: deps.by, holder: newId('parity', clock, []), purpose: `parity check ${check.name}` };
  const lock = await lockStage(store, test, owner, holdersOf(store));
  try {
    const { schema } = await describeThere(test.connector, check.objects ?? test.objects, call);
    // What was there is put back after Ctrl-C too.
    const account = connectorAccount(test, schema, {});
    await putBackOldMarkers(notes, account);
    await lock.check();
    const request = { name: test.name, account, victims: account, choice: choiceOf(wanted), notes };
    return await withMarkers(request, async (marked) => resultOf(wanted, marked, await search(check, wanted, marked, deps, call)));
  } finally {
    await lock.release();
  }
}

function choiceOf({ mark }: Wanted): Choice {
  if (mark === undefined) return 'each';
  return mark.map((path) => ({ object: path.slice(0, path.lastIndexOf('.')), field: path.slice(path.lastIndexOf('.') + 1) }));
}

/** What cannot be opened is what could not be read. */
async function search(
  { production, test }: NamedCheck,
  wanted: Wanted,
  marked: readonly Marked[],
  deps: ParityDeps,
  call: CallOptions,
): Promise<LeakFindings> {
  const settleMs = parseDuration(wanted.settle);
  const unopened: Pass[] = [];
  const opened: Platform[] = [];
  const openAll = async (names: readonly string[]): Promise<LeakFindings> => {
    const [name, ...others] = names;
    if (name === undefined) return await searchLeak({ marked, productions: opened, settleMs }, deps.clock, call);
    let isOpen = false;
    try {
      return await withPlatform(name, deps, call, async (platform) => {
        isOpen = true;
        opened.push(platform);
        return await openAll(others);
      });
    } catch (error) {
      if (isOpen || !isRunbackError(error) || error.code === 'interrupted' || call.signal?.aborted === true) throw error;
      unopened.push({ platform: name, objects: [], why: inWords(error), sightings: [] });
      return await openAll(others);
    }
  };
  const found = await openAll(wanted.look_in ?? likeIt(production, test, deps));
  const read = [...found.read, ...unopened];
  return { ...found, read, status: found.status === 'clear' && unopened.length > 0 ? 'unproven' : found.status };
}

/** The production platforms that what is written to this test environment could flow on to. */
function likeIt(production: string, test: string, { workspace }: ParityDeps): readonly string[] {
  const { platforms } = workspace.config;
  const others = Object.values(platforms).filter(
    ({ environment, connector }) => environment === 'production' && connector === platforms[test]?.connector,
  );
  return [...new Set([production, ...others.map(({ name }) => name)])];
}

function resultOf({ settle }: Wanted, marked: readonly Marked[], found: LeakFindings): LeakResult {
  const from = (marker: string): string => {
    const of = marked.find((one) => one.marker === marker);
    if (of === undefined) throw new RunbackError('bug', 'A marker was found that was never written');
    return `${of.object}.${of.field}`;
  };
  return {
    ...found,
    settle,
    marked: marked.map(({ object, key, field }) => ({ object, key, field })),
    read: found.read.map(({ sightings: _sightings, ...pass }) => pass),
    sightings: found.sightings.map(({ marker, ...sighting }) => ({ ...sighting, from: from(marker) })),
  };
}

/** What of a search proves nothing, as items that can be accepted. A marker that was seen is none of them. */
export function unprovenOf(leak: LeakResult): readonly Open[] {
  if (leak.status !== 'unproven') return [];
  const open = (item: string, why: string): Open => ({ item, area: 'leak', is: 'unreadable', why });
  if (leak.marked.length === 0) return [open('leak', 'no text in the test environment could be marked')];
  const unread = leak.read.flatMap(({ platform, objects, why }) => [
    ...(why === undefined ? [] : [open(`leak/${platform}`, why)]),
    ...objects.flatMap((one) => (one.why === undefined ? [] : [open(`leak/${platform}.${one.object}`, one.why)])),
  ]);
  return unread.length === 0 ? [open('leak', 'nothing was read')] : unread;
}
