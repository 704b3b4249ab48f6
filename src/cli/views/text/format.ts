import { counted, formatCount as count } from '../../../lib/index.js';
import type { Style } from './style.js';
import { displayWidth, pad, truncate, wrap } from './width.js';

export { count, counted };

/** Bytes with three significant digits: `1.25 MB`. Powers of 1000. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let step = 0;
  let left = value;
  while (left >= 1000 && step < units.length - 1) {
    left /= 1000;
    step += 1;
  }
  return `${step === 0 ? String(left) : Number(left.toPrecision(3)).toString()} ${units[step] ?? 'B'}`;
}

/** A span for people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${(Math.round(seconds * 10) / 10).toString()} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 86_400) return joined(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  const days = Math.floor(whole / 86_400);
  return joined(days, days === 1 ? 'day' : 'days', days < 3 ? Math.floor((whole % 86_400) / 3600) : 0, 'h');
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/**
 * An instant as people need it under stress: `2026-11-22 17:08:14 UTC (3 min ago)`. Unreadable text is shown as it is.
 */
export function time(iso: string, style: Style): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${absolute(at, style)} (${relative(at, style.now)})`;
}

/** `2026-11-22 17:08:14 UTC`. */
export function absolute(at: Date, style: Style): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: style.zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(at);
  const get = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return `${get('year')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}:${get('second')} ${get('timeZoneName')}`;
}

/** `3 min ago`, `in 2 h`, `just now`. */
export function relative(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  if (Math.abs(ms) < 1000) return 'just now';
  const rounded = span(Math.abs(ms)).replace(/(\d+)\.\d+ s/u, '$1 s');
  const short = rounded.split(' ').slice(0, 2).join(' ');
  return ms > 0 ? `${short} ago` : `in ${short}`;
}

/** One column of a table. `shrink` columns give way first where the table is too wide. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly shrink?: boolean;
  /** Never cut, whatever the width: what is typed or copied from it has to be all of it. */
  readonly whole?: boolean;
}

/**
 * Rows under titles, in at most `style.width` cells where no column is `whole`; cells that do not fit end in `…`. Cells
 * are unstyled text. Where a narrow screen would leave no more than bits of them, each row is told below its beginning. With
 * `--accessible` each cell becomes a line `title: value`, and rows are parted by an empty line.
 */
export function table(columns: readonly Column[], given: readonly (readonly string[])[], style: Style): string {
  const rows = given.map((row) => row.map((cell) => style.spelt(style.redact(cell))));
  if (style.accessible) return rows.map((row) => columns.map((column, i) => `${column.title}: ${row[i] ?? ''}`).join('\n')).join('\n\n');
  const widths = columns.map((column, i) => Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[i] ?? ''))));
  const natural = [...widths];
  fit(widths, columns, style.width - 2 * columns.length);
  const bits = columns.some(({ whole }, i) => whole !== true && (widths[i] ?? 0) < Math.min(natural[i] ?? 0, LEGIBLE));
  const tooWide = widths.reduce((sum, width) => sum + width + 2, 0) > style.width;
  if (style.width < NARROW && (bits || tooWide)) return rows.map((row) => below(columns, row, style.width)).join('\n');
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => pad(truncate(cell, widths[i] ?? 0, style.cut), widths[i] ?? 0, columns[i]?.align === 'right' ? 'left' : 'right'))
      .join('  ')
      .trimEnd();
  const head = style.chalk.bold(`  ${line(columns.map((column) => column.title))}`);
  return [head, ...rows.map((row) => `  ${line(row)}`)].join('\n');
}

/** Cells of a screen on which a table is told row by row, rather than cut to bits. */
const NARROW = 60;
/** Cells of a text that tell something. */
const LEGIBLE = 12;

/** A row on a narrow screen: what fits on each line with its title, and the rest further in below. */
function below(columns: readonly Column[], row: readonly string[], width: number): string {
  const lines: string[] = [];
  let line = '';
  const end = (): void => {
    if (line !== '') lines.push(...wrap(line, width - 4));
    line = '';
  };
  for (const [i, { title, whole }] of columns.entries()) {
    const cell = row[i] ?? '';
    if (cell === '') continue;
    const told = title === '' ? cell : `${title}: ${cell}`;
    if (displayWidth(line) + 2 + displayWidth(told) > width - 4) end();
    if (whole === true && displayWidth(told) > width - 4) lines.push(told);
    else line = line === '' ? told : `${line}  ${told}`;
  }
  end();
  return `  ${lines.join('\n    ')}`;
}

function fit(widths: number[], columns: readonly Column[], available: number): void {
  const anyShrinks = columns.some((column) => column.shrink);
  const sum = (): number => widths.reduce((total, width) => total + width, 0);
  while (sum() > available) {
    let widest = -1;
    for (const [i, width] of widths.entries()) {
      const mayShrink = (!anyShrinks || columns[i]?.shrink === true) && width > 6;
      if (mayShrink && (widest === -1 || width > (widths[widest] ?? 0))) widest = i;
    }
    // What is never cut makes the line longer than the screen, and may take the whole of it.
    if (widest === -1) {
      const least = widths.map((width, i) => (width > (columns[i]?.whole === true ? available : 3) ? width : 0));
      widest = least.indexOf(Math.max(...least));
      if (least[widest] === 0) return;
    }
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/**
 * Facts under each other, names aligned; long values continue below their beginning. With `--accessible` not aligned.
 */
export function facts(given: readonly (readonly [name: string, value: string])[], style: Style): string {
  const pairs = given.map(([name, value]) => [style.spelt(name), style.spelt(style.redact(value))] as const);
  if (style.accessible) return pairs.map(([name, value]) => `${name}: ${value}`).join('\n');
  const name = Math.max(0, ...pairs.map(([first]) => displayWidth(first)));
  return pairs
    .map(([first, value]) => {
      const lines = wrap(value, Math.max(20, style.width - name - 4));
      return `  ${style.chalk.bold(pad(first, name))}  ${lines.join(`\n${' '.repeat(name + 4)}`)}`;
    })
    .join('\n');
}
