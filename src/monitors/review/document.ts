import type { Block, Inlines, TextDocument } from '../../document/index.js';
import type { ReviewFinding, ReviewInput } from './score/types.js';

const KINDS: Readonly<Record<ReviewFinding['kind'], string>> = {
  'always-fails': 'What always fails',
  hours: 'What fails at one hour',
  drift: 'What grows week by week',
  grew: 'What happens more often',
  new: 'What is new',
};

/** A review as a text for people who were not there. Holds no data of records. */
export function reviewDocument(
  { from, to, countedSince }: Pick<ReviewInput, 'from' | 'to' | 'countedSince'>,
  findings: readonly ReviewFinding[],
): TextDocument {
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const lead = findings.length === 0 ? 'This week was like the weeks before it.' : { strong: `${String(findings.length)} things are worth a look.` };
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

function tableOf(kind: ReviewFinding['kind'], findings: readonly ReviewFinding[]): Block {
  return {
    kind: 'table',
    caption: KINDS[kind],
    columns: ['What', 'Words of the error', 'Example', 'Its id'],
    rows: findings.map(({ says, message = '', example }): { cells: readonly Inlines[] } => ({
      cells: [
        says,
        message,
        example === undefined ? '' : [{ time: example.time }],
        example?.correlationId === undefined ? '' : [{ code: example.correlationId }],
      ],
    })),
  };
}
