import type { Page, PageKind } from './channel.js';
import { oneLine } from './text.js';

/** What people read a page as. */
export const KIND_WORDS: Readonly<Record<PageKind, string>> = {
  alert: 'Alert',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
  'update-due': 'Update due',
  'follow-up': 'Follow-up',
  test: 'Test',
  bundle: 'Several incidents',
};

/** Said where people see it, from the second attempt on. */
export function repeatNote(attempt: number): string | undefined {
  return attempt > 1 ? `Sent again (attempt ${attempt}): an earlier one may have arrived.` : undefined;
}

/** Subject of a page in one line; never empty. */
export function subjectOf(page: Page): string {
  return oneLine(page.subject) || oneLine(page.incident.title) || KIND_WORDS[page.kind];
}

/** Links of a page, with what they lead to. Only addresses that a browser opens. */
export function linksOf(page: Page): readonly { readonly title: string; readonly url: string }[] {
  const all = [
    { title: 'Acknowledge', url: page.links.acknowledge },
    { title: 'Open the incident', url: page.links.incident },
  ];
  return all.flatMap(({ title, url }) => {
    if (url === undefined || !/^https?:/i.test(url) || !URL.canParse(url)) return [];
    // The parser's form holds no spaces, quotes, brackets or control characters.
    return [{ title, url: new URL(url).href.replaceAll(/[|<>"'\\^`{}]/g, (character) => encodeURIComponent(character).replace("'", '%27')) }];
  });
}

/** A page as plain text, in full. */
export function plainText(page: Page, attempt: number): string {
  const facts = page.facts.map(([label, value]) => `${oneLine(label)}: ${oneLine(value)}`);
  const links = linksOf(page).map(({ title, url }) => `${title}: ${url}`);
  const { id, severity, means } = page.incident;
  const foot = page.kind === 'bundle' ? [] : [`Incident ${oneLine(id)}, ${oneLine(severity)}${means === '' ? '' : ` (${oneLine(means)})`}`];
  const parts = [[repeatNote(attempt) ?? ''], [page.text.trim()], facts, links, foot];
  return parts
    .map((lines) => lines.filter((line) => line !== '').join('\n'))
    .filter((part) => part !== '')
    .join('\n\n');
}
