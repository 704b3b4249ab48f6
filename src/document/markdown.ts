import { utcText } from '../lib/index.js';
import { type Block, type Inline, type Inlines, inlinesOf, plain, slug, type TextDocument, webAddress } from './document.js';

/**
 * A document as Markdown (CommonMark with tables). Everything that people or records wrote is escaped: it cannot become
 * a link, a table cell, HTML or a heading.
 */
export function documentMarkdown({ title, lead, sections }: TextDocument): string {
  const parts = [`# ${escaped(title).trim()}`, ...lead.map(line)];
  for (const section of sections) parts.push(`## ${section.title}`, ...section.blocks.map(block).filter((text) => text !== ''));
  return `${parts.join('\n\n')}\n`;
}

function block(one: Block): string {
  switch (one.kind) {
    case 'paragraph':
      return line(one.text);
    case 'facts':
      return table(
        [one.caption, ''],
        [],
        one.rows.map(([name, value]) => [escaped(name), inline(value)]),
      );
    case 'table': {
      const names = one.columns.map((column) => (typeof column === 'string' ? column : column.number));
      const right = one.columns.map((column) => typeof column !== 'string');
      return `${escaped(one.caption)}:\n\n${table(
        names,
        right,
        one.rows.map(({ cells }) => cells.map(inline)),
      )}`;
    }
    case 'tasks':
      return one.items.map((item) => `- [ ] ${line(item)}`).join('\n');
    case 'to-write':
      return `_${escaped(one.hint)}_`;
    case 'chart':
      return '';
    case 'amounts':
      return `${escaped(one.title)}:\n\n${table(
        ['', ''],
        [false, true],
        one.bars.map(({ name, shown }) => [escaped(name), escaped(shown)]),
      )}`;
  }
}

function table(columns: readonly string[], right: readonly boolean[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns.map(escaped)), line(columns.map((_, i) => (right[i] === true ? '---:' : '---'))), ...rows.map(line)].join('\n');
}

function inline(inlines: Inlines): string {
  return inlinesOf(inlines).map(piece).join('');
}

/** What begins a line: blanks there could be markup. */
function line(inlines: Inlines): string {
  return inline(inlines).trim();
}

function piece(one: Inline): string {
  if (typeof one === 'string') return escaped(one);
  if ('code' in one) return code(one.code);
  if ('time' in one) return escaped(utcText(one.time));
  if ('strong' in one) return `**${escaped(one.strong)}**`;
  if ('link' in one) {
    const address = webAddress(one.link);
    return address === undefined ? code(one.text) : `[${escaped(one.text)}](<${address.replaceAll(/[<>|`]/gu, encodeURIComponent)}>)`;
  }
  return `[${escaped(one.row)}](#${slug(one.section)})`;
}

/** As code where that is safe: a back-tick or bar would end it, or the table cell it stands in. */
function code(text: string): string {
  const shown = plain(text).trim();
  return shown === '' || /[`|]/u.test(shown) ? escaped(text) : `\`${shown}\``;
}

/**
 * Text that stays text: whatever Markdown might take for markup is escaped; words with an at sign would become links,
 * so they are code.
 */
function escaped(text: string): string {
  return plain(text)
    .split(/(\S*@\S*)/u)
    .map((part, i) => (i % 2 === 1 && !/[`|\\]/u.test(part) ? `\`${part}\`` : part.replaceAll(/[!-/:-@[-`{-~]/gu, escapeOf)))
    .join('')
    .replace(/^(\s*\d+)([.)])/u, '$1\\$2');
}

/**
 * Plain punctuation of sentences and times is left readable where it cannot begin anything: `www.`, `https:/` and lists
 * are none.
 */
function escapeOf(character: string, offset: number, text: string): string {
  const [before, after] = [text[offset - 1] ?? ' ', text[offset + 1] ?? ' '];
  if (/[,;'"()%/?]/u.test(character) || (character === '=' && /\w/u.test(before))) return character;
  if (character === '.') return /w/iu.test(before) ? '\\.' : '.';
  if (character === ':') return after === '/' ? '\\:' : ':';
  return character === '-' && offset > 0 && /[\p{L}\p{N}]/u.test(before) ? '-' : `\\${character}`;
}
