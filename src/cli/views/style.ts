import { Chalk, type ChalkInstance } from 'chalk';

/** How text for people looks on one stream. Every view gets one; none asks the process. */
export interface Style {
  /** Cells a line may take; 80 where nobody knows. */
  readonly width: number;
  /** One fact a line, nothing drawn. */
  readonly accessible: boolean;
  readonly chalk: ChalkInstance;
  readonly glyph: Readonly<Record<GlyphName, string>>;
  /** A text with our own signs as plain ones where the screen has no others; what people wrote stays. */
  signs(text: string): string;
  readonly now: Date;
  /** Takes secrets out of a text. To be used before a text is wrapped or cut: half a secret is not recognised any more. */
  readonly redact: (text: string) => string;
  /** IANA name of the zone times are shown in. */
  readonly zone: string;
}

/** Marks that go before words, never instead of them. */
export type GlyphName = 'done' | 'failed' | 'running' | 'pending' | 'skipped' | 'warning' | 'doubt' | 'arrow' | 'pause' | 'ask';

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
};

const IN_TEXTS: Readonly<Record<string, string>> = {
  '…': '...',
  '×': 'x',
  '·': '.',
  '→': '->',
  '⟨': '<',
  '⟩': '>',
  '␛': '^[',
  '␤': '\\n',
  '␡': '^?',
};
const SIGNS = new RegExp(`[${Object.keys(IN_TEXTS).join('')}]`, 'gu');

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
  return {
    width: Math.max(40, Math.min(options.columns ?? 80, 120)),
    accessible: options.accessible,
    chalk: new Chalk({ level: options.level }),
    glyph: options.unicode ? UNICODE : PLAIN,
    signs: (text) => (options.unicode ? text : text.replaceAll(SIGNS, (sign) => IN_TEXTS[sign] ?? sign)),
    redact: (text) => options.redact?.(text) ?? text,
    get now() {
      return options.now();
    },
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
