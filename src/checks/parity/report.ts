import { type Block, type DocumentSection, junitDocument, type JUnitCase, type JUnitSuite, type TextDocument } from '../../document/index.js';
import { type Offer, offerLines } from '../offers/index.js';
import type { JudgedItem, ParityResult } from './result.js';
import { apartWords, itemWords, leakLines, leakWords, verdictWords } from './words.js';

/** Checks as a text: what each came to, what differs, what is accepted until when, and the leak test. */
export function parityDocument(results: readonly ParityResult[]): TextDocument {
  const failed = results.filter(({ verdict }) => verdict !== 'like').length;
  const lead =
    failed === 0 ? 'Every test environment is like the production that it stands for.' : `${failed} of ${results.length} checks did not pass.`;
  return {
    title: results.length === 1 ? 'Parity check' : `${results.length} parity checks`,
    lead: [[failed === 0 ? lead : { strong: lead }]],
    sections: results.map(section),
  };
}

function section(result: ParityResult): DocumentSection {
  const { check, test, production, at, because, counts, none, left_out, unneeded, unseen, leak } = result;
  const told = (name: string, values: readonly string[]): readonly (readonly [string, string])[] =>
    values.length === 0 ? [] : [[name, values.join(', ')]];
  return {
    title: check,
    blocks: [
      { kind: 'paragraph', text: [{ strong: `${verdictWords(result)}.` }, ...(because === undefined ? [] : [` ${because}`])] },
      {
        kind: 'facts',
        caption: `What ${check} compared`,
        rows: [
          ['Test environment', test],
          ['Production', production],
          ['When', [{ time: at }]],
          ['Apart', apartWords(result)],
          ...told('Platforms of this kind have no', none),
          ...told('Left out by parity.yml', left_out),
          ...told('Accepted, but not different', unneeded),
          ...told('Could not be looked at', unseen),
        ],
      },
      {
        kind: 'table',
        caption: `How much of ${check} is the same`,
        columns: ['Area', { number: 'Same' }, { number: 'Accepted' }, { number: 'Different' }, { number: 'Unreadable' }],
        rows: counts.map(({ area, ...of }) => ({ cells: [area, String(of.same), String(of.accepted), String(of.different), String(of.unreadable)] })),
      },
      ...itemTable(result, 'Different', (one) => one.status === 'different'),
      ...itemTable(result, 'Could not be read', (one) => one.status === 'unreadable'),
      ...itemTable(result, 'Accepted', (one) => one.status === 'accepted'),
      { kind: 'facts', caption: `Leak test of ${check}`, rows: [['Leak test', leakWords(leak, result)], ...leakLines(leak)] },
    ],
  };
}

function itemTable({ check, items }: ParityResult, title: string, isIn: (one: JudgedItem) => boolean): readonly Block[] {
  const rows = items.filter(isIn).map((one) => ({ cells: [[{ code: one.item }], itemWords(one)] }));
  return rows.length === 0 ? [] : [{ kind: 'table', caption: `${title} (${check})`, columns: ['Item', 'What is said'], rows }];
}

/** Checks as JUnit XML: a check is a suite; that the two are apart, each area, each item that is not the same, and the leak test are its cases. */
export function parityJunit(results: readonly ParityResult[], offers: readonly Offer[]): string {
  return junitDocument(
    'runback parity',
    results.map((result) => suite(result, result.verdict === 'like' ? [] : offers)),
  );
}

function suite(result: ParityResult, offers: readonly Offer[]): JUnitSuite {
  const { check, at, because, counts, items, leak, verdict } = result;
  const apart: JUnitCase = { name: 'credentials and account are its own', ...(verdict === 'refused' ? { failure: because ?? '' } : {}) };
  const areas = counts.map(({ area, same }): JUnitCase => ({ name: `${area}: ${same} the same` }));
  const open = items.map((one): JUnitCase => {
    const words = itemWords(one);
    return { name: one.item, ...(one.status === 'different' ? { failure: words } : one.status === 'unreadable' ? { error: words } : {}) };
  });
  const words = leakWords(leak, result);
  const leaks: JUnitCase[] =
    leak.status === 'leaked' || leak.status === 'clear' ? [{ name: 'leak test', ...(leak.status === 'leaked' ? { failure: words } : {}) }] : [];
  const told = [
    ...items.filter(({ status }) => status === 'accepted').map((one) => `${one.item}: ${itemWords(one)}`),
    ...leakOutput(result),
    ...offerLines(offers),
  ];
  return { name: check, seconds: 0, at, cases: [apart, ...areas, ...open, ...leaks], told };
}

const leakOutput = ({ leak, test }: ParityResult): readonly string[] => [
  `Leak test: ${leakWords(leak, { test })}`,
  ...leakLines(leak).map(([name, value]) => `${name}: ${value}`),
];
