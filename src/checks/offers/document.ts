import type { DocumentSection, TextDocument } from '../../document/index.js';
import type { Offer } from './offers.js';

/** A report with what can be done, as its last section; the same where there is nothing to do. */
export function withOffers(document: TextDocument, offers: readonly Offer[]): TextDocument {
  return { ...document, sections: [...document.sections, ...sectionOf(offers)] };
}

function sectionOf(offers: readonly Offer[]): readonly DocumentSection[] {
  if (offers.length === 0) return [];
  const rows = offers.map(({ what, command }) => ({ cells: [what, [{ code: command }]] }));
  return [{ title: 'What to do', blocks: [{ kind: 'table', caption: 'What can be done about it', columns: ['What', 'Command'], rows }] }];
}

/** The same as lines for JUnit XML. */
export const offerLines = (offers: readonly Offer[]): readonly string[] => offers.map(({ what, command }) => `${what}: ${command}`);
