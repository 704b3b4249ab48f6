import type { Block, Inlines, TextDocument } from '../../document/index.js';
import type { ReviewFinding, ReviewInput } from './score/types.js';

const KINDS: Readonly<Record<ReviewFinding['kind'], string>> = {
  'always-fails': 'What always fails',
  hours: 'What fails at one hour',
  drift: 'What grows week by week',
  grew: 'What happens more often',
  new: 'What is new',
};

/** Less counting cannot tell what is new. */
const TELLING_MS = 14 * 86_400_000;

/** A review as a text for people who were not there. Holds no data of records. */
export function reviewDocument(
  { from, to, countedSince }: Pick<ReviewInput, 'from' | 'to' | 'countedSince'>,
  findings: readonly ReviewFinding[],
): TextDocument {
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const young = to.getTime() - countedSince.getTime() < TELLING_MS;
  const nothing = young ? 'Nothing always fails. What is new or grew shows after two weeks.' : 'This week was like the weeks before it.';
  const things = findings.length === 1 ? '1 thing is worth a look.' : `${String(findings.length)} things are worth a look.`;
  const lead = findings.length === 0 ? nothing : { strong: things };
  return {
    title: 'Review of the week',
    lead: [
      [lead],
      ['From ', { time: from.toISOString() }, ' to ', { time: to.toISOString() }, '. Counted since ', { time: countedSince.toISOString() }, '.'],
    ],
    sections: kinds.map((kind) => ({
      title: KINDS[kind],
      blocks: [
        tableOf(
          kind,
          findings.filter((each) => each.kind === kind),
        ),
      ],
    })),
  };
}

/** Without the columns in which nothing would stand. */
function tableOf(kind: ReviewFinding['kind'], findings: readonly ReviewFinding[]): Block {
  const columns: readonly { readonly title: string; readonly of: (finding: ReviewFinding) => Inlines }[] = [
    { title: 'What', of: ({ says }) => says },
    { title: 'Words of the error', of: ({ message = '' }) => message },
    { title: 'Example', of: ({ example }) => (example === undefined ? '' : [{ time: example.time }]) },
    { title: 'Its id', of: ({ example }) => (example?.correlationId === undefined ? '' : [{ code: example.correlationId }]) },
  ];
  const filled = columns.filter(({ of }) => findings.some((finding) => of(finding) !== ''));
  return {
    kind: 'table',
    caption: KINDS[kind],
    columns: filled.map(({ title }) => title),
    rows: findings.map((finding) => ({ cells: filled.map(({ of }) => of(finding)) })),
  };
}
