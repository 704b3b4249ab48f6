import { Chalk, type ChalkInstance } from 'chalk';

import { machineZone, visibleDocument } from '../../../lib/index.js';

/** How text for people looks on one stream. Every view gets one; none asks the process. */
export interface Style {
  /** Cells a line may take; 80 where nobody knows. */
  readonly width: number;
  /** One fact a line, nothing drawn. */
  readonly accessible: boolean;
  readonly chalk: ChalkInstance;
  readonly glyph: Readonly<Record<GlyphName, string>>;
  /** Signs for the bars of a small chart, from the lowest to the highest. */
  readonly levels: readonly string[];
  /**
   * The one gate to the screen: a text of ours that may hold texts of others, with whatever would steer the terminal as
   * a sign. Line breaks, tabs and the colours of {@link chalk} stay. Our own signs become plain ones where the screen
   * has no others; what people wrote stays.
   */
  signs(text: string): string;
  /**
   * Our own signs as {@link signs} will show them, some with more cells than one. To be used before a text is measured: columns would
   * shift.
   */
  spelt(text: string): string;
  /** What a cut text ends in. */
  readonly cut: string;
  readonly now: Date;
  /**
   * Takes secrets out of a text. To be used before a text is wrapped or cut: half a secret is not recognised any more.
   */
  readonly redact: (text: string) => string;
  /** IANA name of the zone times are shown in. */
  readonly zone: string;
}

/** Marks that go before words, never instead of them. */
export type GlyphName = 'done' | 'failed' | 'running' | 'pending' | 'skipped' | 'warning' | 'doubt' | 'arrow' | 'pause' | 'ask' | 'bar';

const UNICODE: Record<GlyphName, string> = {
  done: '✓',
  failed: '✗',
  running: '▸',
  pending: '·',
  skipped: '-',
  warning: '!',
  doubt: '?',
  arrow: '→',
  pause: '‖',
  ask: '?',
  bar: '█',
};
const PLAIN: Record<GlyphName, string> = {
  done: '+',
  failed: 'x',
  running: '>',
  pending: '.',
  skipped: '-',
  warning: '!',
  doubt: '?',
  arrow: '->',
  pause: '=',
  ask: '?',
  bar: '#',
};

const UNICODE_LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN_LEVELS = ['_', '.', '-', '=', '+', '*', '#'];

const IN_TEXTS: Readonly<Record<string, string>> = {
  '…': '...',
  '×': 'x',
  '·': '.',
  '→': '->',
  '⟨': '<',
  '⟩': '>',
  '␊': '\\n',
  '␡': '^?',
};
/** ␀ to ␟, as terminals themselves write control characters. */
const PICTURES = Array.from({ length: 0x20 }, (_, code) => [String.fromCodePoint(0x2400 + code), `^${String.fromCodePoint(0x40 + code)}`] as const);
const PLAIN_SIGNS: ReadonlyMap<string, string> = new Map([...PICTURES, ...Object.entries(IN_TEXTS)]);
const SIGNS = new RegExp(`[${[...PLAIN_SIGNS.keys()].join('')}]`, 'gu');

/**
 * The colours that views use, and nothing else a terminal obeys: none that hides a text. Built from a code so that no
 * control character stands in the source.
 */
const COLOURS = new RegExp(`(${String.fromCodePoint(27)}\\[(?:0|1|2|22|31|32|33|34|36|39)m)`, 'u');

/** A text for a screen with or without colours; what stands at uneven places of the split is one of ours. */
function steeringNothing(text: string, level: number): string {
  if (level === 0) return visibleDocument(text);
  return text
    .split(COLOURS)
    .map((part, at) => (at % 2 === 1 ? part : visibleDocument(part)))
    .join('');
}

/** Makes the style of one stream. `columns` is capped at 120 so that lines stay readable on wide screens. */
export function makeStyle(options: {
  readonly columns: number | undefined;
  readonly level: 0 | 1 | 2 | 3;
  readonly accessible: boolean;
  readonly unicode: boolean;
  /** Default: there are none. */
  redact?(text: string): string;
  /** Asked each time, since a command may take hours. */
  now(): Date;
}): Style {
  const spelt = (text: string): string => (options.unicode ? text : text.replaceAll(SIGNS, (sign) => PLAIN_SIGNS.get(sign) ?? sign));
  return {
    width: Math.max(40, Math.min(options.columns ?? 80, 120)),
    accessible: options.accessible,
    chalk: new Chalk({ level: options.level }),
    glyph: options.unicode ? UNICODE : PLAIN,
    levels: options.unicode ? UNICODE_LEVELS : PLAIN_LEVELS,
    signs: (text) => spelt(steeringNothing(text, options.level)),
    spelt,
    cut: spelt('…'),
    redact: (text) => options.redact?.(text) ?? text,
    get now() {
      return options.now();
    },
    // Asked for where a time is shown: it takes as long as many a command.
    get zone() {
      return machineZone();
    },
  };
}
