import { DRILL_MARK, DRILL_TEXT, sha256 } from '../../lib/index.js';
import type { Page } from '../channel.js';
import { fit, oneLine } from '../text.js';
import { KIND_WORDS, subjectOf } from '../wording.js';

const LISTED = 20;
const TITLE = 120;

/** The key of a bundle: the same for the same pages, in whatever order. */
export function bundleKey(members: readonly string[]): string {
  return `bundle-${sha256([...members].sort().join('\n')).slice(0, 40)}`;
}

/** One page that stands for several to one address: all of drills, or none. */
export function bundleOf(members: readonly Page[], now: Date): Page {
  const sorted = [...members].sort((a, b) => compare(a.incident.severity, b.incident.severity) || compare(a.at, b.at));
  const [worst] = sorted;
  if (worst === undefined) throw new RangeError('a bundle of nothing');
  const incidents = new Set(members.map(({ incident }) => incident.id)).size;
  const what = incidents === members.length ? counted(incidents, 'incident') : `${members.length} messages about ${counted(incidents, 'incident')}`;
  const rest = sorted.length - LISTED;
  return {
    key: bundleKey(members.map(({ key }) => key)),
    kind: 'bundle',
    ...(worst.drill ? { drill: true } : {}),
    incident: worst.incident,
    to: worst.to,
    subject: `${worst.drill ? DRILL_MARK : ''}${what}, worst ${worst.incident.severity}: ${fit(oneLine(worst.incident.title) || subjectOf(worst), TITLE)}`,
    text: [
      ...(worst.drill ? [DRILL_TEXT] : []),
      ...sorted.slice(0, LISTED).map(lineOf),
      ...(rest > 0 ? [`… and ${rest} more (${bySeverity(sorted.slice(LISTED))})`] : []),
      '',
      'They came faster than this address may receive messages, so they come together.',
    ].join('\n'),
    facts: [],
    links: worst.links.incident === undefined ? {} : { incident: worst.links.incident },
    at: now.toISOString(),
  };
}

function lineOf(page: Page): string {
  const { severity, title, id } = page.incident;
  const kind = page.kind === 'alert' ? '' : `${KIND_WORDS[page.kind]}: `;
  return `${oneLine(severity)}  ${kind}${fit(oneLine(title), TITLE)} (${oneLine(id)})`;
}

function bySeverity(pages: readonly Page[]): string {
  const counts = new Map<string, number>();
  for (const { incident } of pages) counts.set(incident.severity, (counts.get(incident.severity) ?? 0) + 1);
  return [...counts].map(([severity, count]) => `${count} × ${severity}`).join(', ');
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
