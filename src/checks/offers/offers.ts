import { shellCommand } from '../../lib/index.js';
import type { Sign } from '../../runbooks/index.js';
import type { Trouble } from './trouble.js';

/** Something that can be done about a check that failed. */
export interface Offer {
  readonly kind: 'runbook' | 'investigate' | 'snapshot' | 'reconcile' | 'syncs';
  /** What it is for, a few words. */
  readonly what: string;
  /** As it is typed into a POSIX shell, in the folder of the workspace. */
  readonly command: string;
}

/** What a workspace has to offer. */
export interface Known {
  readonly runbooks: readonly OfferedRunbook[];
  /** Snapshots that an investigation of a platform can begin with, by the name of the platform, the oldest first. */
  readonly bases: ReadonlyMap<string, readonly { readonly id: string; readonly startedAt: string }[]>;
  /** Mappings that were reconciled: a plan can be made of their last result. */
  readonly reconciled: ReadonlySet<string>;
}

export interface OfferedRunbook {
  readonly id: string;
  readonly title: string;
  readonly signs: readonly Sign[];
  /** It asks for a platform, and for a snapshot from before. */
  readonly takes: { readonly platform: boolean; readonly base: boolean };
}

const MOST_RUNBOOKS = 2;

/** What can be done about it: commands that work as they are, the first steps first. */
export function offersFor(trouble: Trouble, known: Known): readonly Offer[] {
  const { mapping, leaked, platforms } = trouble;
  return [
    ...(leaked === undefined ? [] : [offer('syncs', 'Find the sync that carries it there', ['sync', 'list'])]),
    ...platforms.map((one) => lookInto(one, trouble, known)),
    ...fitting(trouble.signs, known.runbooks).map((runbook) => start(runbook, trouble, known)),
    ...(mapping === undefined
      ? []
      : [
          known.reconciled.has(mapping)
            ? offer('reconcile', 'Plan what makes both sides agree', ['reconcile', 'plan', mapping])
            : offer('reconcile', 'Compare all records of both sides', ['reconcile', 'run', mapping]),
        ]),
  ];
}

const offer = (kind: Offer['kind'], what: string, words: readonly string[]): Offer => ({ kind, what, command: shellCommand(['runback', ...words]) });

/** The newest snapshot of a platform from before it began, else the oldest there is; undefined where there is none. */
function baseOf(platform: string, { since }: Trouble, { bases }: Known): { readonly id: string; readonly since?: string } | undefined {
  const own = bases.get(platform) ?? [];
  const before = since === undefined ? undefined : own.findLast(({ startedAt }) => startedAt <= since);
  return before !== undefined && since !== undefined ? { id: before.id, since } : own[0];
}

function lookInto(platform: string, trouble: Trouble, known: Known): Offer {
  const named = ['--platform', platform];
  const base = baseOf(platform, trouble, known);
  if (base === undefined) return offer('snapshot', `Keep what ${platform} holds now, to compare with`, ['snapshot', 'create', ...named]);
  const window = ['--base', base.id, ...(base.since === undefined ? [] : ['--since', base.since])];
  return offer('investigate', `What happened on ${platform}`, ['investigate', ...named, ...window]);
}

/** A runbook with what it asks for; to read, where there is no snapshot yet that it could go back to. */
function start({ id, title, takes }: OfferedRunbook, trouble: Trouble, known: Known): Offer {
  const [platform] = trouble.platforms;
  const base = platform === undefined ? undefined : baseOf(platform, trouble, known);
  if (takes.base && platform !== undefined && base === undefined) return offer('runbook', title, ['runbook', 'show', id]);
  const inputs = [
    ...(takes.platform && platform !== undefined ? [`platform=${platform}`] : []),
    ...(takes.base && base !== undefined ? [`base=${base.id}`] : []),
  ];
  return offer('runbook', title, ['runbook', 'run', id, ...inputs.flatMap((input) => ['--input', input])]);
}

/** The runbooks whose symptoms fit best, one after the other: what no chosen one has yet before what one has, the gravest sign first, then how many are theirs. */
function fitting(signs: readonly Sign[], runbooks: readonly OfferedRunbook[]): readonly OfferedRunbook[] {
  const chosen: OfferedRunbook[] = [];
  const open = new Set(signs);
  while (chosen.length < MOST_RUNBOOKS) {
    const [best] = runbooks
      .filter((runbook) => !chosen.includes(runbook) && signs.some((sign) => runbook.signs.includes(sign)))
      .map((runbook) => ({ runbook, fresh: placeOf(signs, runbook, open), gravest: placeOf(signs, runbook), many: ownOf(signs, runbook).length }))
      .sort((a, b) => a.fresh - b.fresh || a.gravest - b.gravest || b.many - a.many);
    if (best === undefined) break;
    chosen.push(best.runbook);
    for (const sign of best.runbook.signs) open.delete(sign);
  }
  return chosen;
}

const ownOf = (signs: readonly Sign[], runbook: OfferedRunbook): readonly Sign[] => signs.filter((sign) => runbook.signs.includes(sign));

/** Place of the first of the signs that a runbook has, of those that are still open; behind all of them where it has none. */
function placeOf(signs: readonly Sign[], { signs: own }: OfferedRunbook, open: ReadonlySet<Sign> = new Set(signs)): number {
  const at = signs.findIndex((sign) => open.has(sign) && own.includes(sign));
  return at === -1 ? signs.length : at;
}

/** Offers of several checks, each command once. */
export function together(all: readonly (readonly Offer[])[]): readonly Offer[] {
  return [...new Map(all.flat().map((one) => [one.command, one])).values()];
}
