import type { Block, DocumentSection, TextDocument } from '../../../document/index.js';
import type { ReplayedSeries, ReplayedVariant, ReplayResult } from '../../../monitors/index.js';
import { sums } from './replay.js';

/** Days of a chart, one under the other. */
const DAY_HOURS = 24;

/** A replay as a page: what each variant would have said, and a chart of each series by the day. */
export function replayDocument({ from, to, variants }: ReplayResult): TextDocument {
  return {
    title: 'What monitors would have said',
    lead: [['From ', { time: from }, ' to ', { time: to }, '.']],
    sections: [
      { title: 'In all', blocks: [overview(variants)] },
      ...variants.map((variant): DocumentSection => ({ title: titleOf(variant, variants), blocks: [said(variant), ...charts(variant)] })),
    ],
  };
}

/** Headings are ours: a variant is called by its place, and its name stands in the text. */
const titleOf = (variant: ReplayedVariant, variants: readonly ReplayedVariant[]): string =>
  variants.indexOf(variant) === 0 ? 'As it is' : `Tried ${String(variants.indexOf(variant))}`;

function overview(variants: readonly ReplayedVariant[]): Block {
  return {
    kind: 'table',
    caption: 'Pages wake people, notes do not.',
    columns: ['Settings', { number: 'Pages' }, { number: 'Notes' }, { number: 'Messages' }],
    rows: variants.map(({ name, pages, notes, messages }) => ({ cells: [name, String(pages), String(notes), String(messages)] })),
  };
}

function said({ actions }: ReplayedVariant): Block {
  const told = actions.filter(({ action }) => action.kind !== 'update');
  if (told.length === 0) return { kind: 'paragraph', text: 'Nothing would have been said.' };
  return {
    kind: 'table',
    caption: 'What would have been said',
    columns: ['When', 'What', 'Says'],
    rows: told.map(({ at, action }) => ({
      cells: [
        { time: at },
        action.kind,
        action.alert.findings
          .filter(({ because }) => because === undefined)
          .map((one) => `${one.series.of}: ${one.says}`)
          .join(' '),
      ],
    })),
  };
}

const charts = ({ series }: ReplayedVariant): readonly Block[] => series.filter(({ points }) => points.length > 0).map(chartOf);

function chartOf({ series, points }: ReplayedSeries): Block {
  const days = Math.ceil(points.length / DAY_HOURS);
  const found = sums(
    points.map((point) => point.found),
    days,
  );
  const expected = sums(
    points.map((point) => point.expected),
    days,
  );
  return {
    kind: 'amounts',
    title: series.of,
    bars: found.map((value, n) => {
      const usual = expected[n] ?? null;
      const at = new Date((points[n * DAY_HOURS]?.hour ?? 0) * 3_600_000).toISOString().slice(0, 10);
      return {
        name: at,
        amount: value ?? 0,
        shown: value === null ? 'not measured' : `${String(value)}${usual === null ? '' : `, expected about ${String(Math.round(usual))}`}`,
        ...(value !== null && usual !== null && value < usual / 2 && { bad: true as const }),
      };
    }),
  };
}
