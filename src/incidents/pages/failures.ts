import type { Incident, PageLine } from '../types.js';

/** A page that failed for good, as far as its cause goes. */
export interface FailedPage {
  readonly channel: string;
  readonly why?: string | undefined;
  /** Names of what has to be set before the channel works. */
  readonly needs?: readonly string[] | undefined;
}

/** The failures of one channel. */
interface ChannelFailure {
  readonly channel: string;
  readonly count: number;
  readonly cause: string;
  readonly needs: readonly string[];
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** What went wrong with a page, in the fewest words: what has to be set, or what the channel said. */
export function causeOf({ why, needs = [] }: Pick<FailedPage, 'why' | 'needs'>): string {
  return needs.length > 0 ? `set ${needs.join(', ')}` : (why ?? 'no reason given');
}

/** By channel and cause, the most pages first. */
function byChannel(failed: readonly FailedPage[]): readonly ChannelFailure[] {
  const groups = new Map<string, ChannelFailure>();
  for (const page of failed) {
    const cause = causeOf(page);
    const key = JSON.stringify([page.channel, cause]);
    const before = groups.get(key);
    groups.set(key, { channel: page.channel, cause, needs: page.needs ?? [], count: (before?.count ?? 0) + 1 });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/**
 * What failed pages come to: one line where nothing got through (`No channel works: set SMTP_PASSWORD, SLACK_URL`),
 * else one for each channel and cause. However many pages failed, they are as many lines as there are causes.
 */
export function failureLines(failed: readonly FailedPage[], reached: boolean): readonly string[] {
  const groups = byChannel(failed);
  if (groups.length === 0) return [];
  if (reached) return groups.map(({ channel, count, cause }) => `${count === 1 ? 'A page' : `${count} pages`} over ${channel} failed: ${cause}`);
  const needs = unique(groups.flatMap((group) => group.needs));
  const others = groups.filter((group) => group.needs.length === 0).map(({ channel, cause }) => `${channel}: ${cause}`);
  return [`No channel works: ${[...(needs.length === 0 ? [] : [`set ${needs.join(', ')}`]), ...others].join('; ')}`];
}

/** The failed pages of an incident as {@link failureLines} wants them. */
export function failedPages({ pages }: Pick<Incident, 'pages'>): readonly FailedPage[] {
  return pages.flatMap(({ state, to, why, needs }) => (state === 'failed' ? [{ channel: to.channel, why, needs }] : []));
}

/** Whether a page about an incident got through to anybody, or may yet. */
export function isReached({ pages }: Pick<Incident, 'pages'>): boolean {
  return pages.some(({ kind, state }) => kind === 'alert' && (state === 'accepted' || state === 'open'));
}

/** True where people are being told and nobody was: every contact of this round failed, or led nowhere. */
export function isUnreached({ status, ladder, pages }: Incident): boolean {
  if (status !== 'open' || ladder.fired.length === 0) return false;
  return !pages.some(({ of, state }) => of?.ladder === ladder.n && (state === 'accepted' || state === 'open'));
}

/** Pages in order, with those that failed of one cause over one channel together, where the first of them stands. */
export function withFailuresTogether<P extends { readonly state: string; readonly why?: string; readonly needs?: readonly string[] }>(
  pages: readonly P[],
  channelOf: (page: P) => string,
): readonly (readonly P[])[] {
  const groups = new Map<string, P[]>();
  const all: P[][] = [];
  for (const page of pages) {
    const key = page.state === 'failed' ? JSON.stringify([channelOf(page), causeOf(page)]) : undefined;
    const group = key === undefined ? undefined : groups.get(key);
    if (group) group.push(page);
    else {
      const fresh = [page];
      all.push(fresh);
      if (key !== undefined) groups.set(key, fresh);
    }
  }
  return all;
}

/** For a page line: its channel. */
export const channelOfLine = ({ to }: PageLine): string => to.channel;
