import { createHash } from 'node:crypto';

import { html, raw } from 'hono/html';

import { utcText } from '../lib/index.js';
import { amountsOf, chartOf } from './chart.js';
import { type Block, type DocumentSection, type Inline, type Inlines, inlinesOf, plain, slug, type TextDocument, webAddress } from './document.js';
import { DOCUMENT_CSS } from './style.js';

type Html = ReturnType<typeof html>;

/** As one piece: the digest is of exactly what stands between the tags. */
const STYLE = raw(`<style>${DOCUMENT_CSS}</style>`);

/** Nothing is loaded and nothing runs, whatever stands in the document: only the style sheet whose digest this is. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(DOCUMENT_CSS).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/**
 * A document as one HTML file: style inside, no scripts, nothing from elsewhere, so it works offline and can be mailed.
 * The same content and order as {@link documentMarkdown}.
 */
export function documentHtml({ title, lead, sections }: TextDocument): string {
  const drawn = new Page(sections);
  const contents = sections.map((section) => html`<li><a href="#${slug(section.title)}">${section.title}</a></li>`);
  // Nothing in it is asynchronous, so this is a text already, wrapped.
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="referrer" content="no-referrer" />
        <title>${plain(title)}</title>
        ${STYLE}
      </head>
      <body>
        <main>
          <h1>${plain(title)}</h1>
          <div class="lead">${lead.map((line) => html`<p>${drawn.inline(line)}</p> `)}</div>
          <nav class="contents" aria-label="Contents">
            <ol>
              ${contents}
            </ol>
          </nav>
          ${sections.map((section) => drawn.section(section))}
        </main>
      </body>
    </html> `;
  return (page as { toString(): string }).toString();
}

class Page {
  /** Ids of rows that are there and not yet written, and those that links may lead to. */
  readonly #rows: ReadonlySet<string>;
  readonly #written = new Set<string>();
  #tables = 0;

  constructor(sections: readonly DocumentSection[]) {
    const tables = sections.flatMap(({ blocks }) => blocks).flatMap((block) => (block.kind === 'table' ? block.rows : []));
    this.#rows = new Set(tables.flatMap(({ id }) => (id === undefined ? [] : [id])));
  }

  section({ title, blocks }: DocumentSection): Html {
    return html`<section>
      <h2 id="${slug(title)}">${title}</h2>
      ${blocks.map((block) => this.#block(block))}
    </section> `;
  }

  inline(inlines: Inlines): readonly (Html | string)[] {
    return inlinesOf(inlines).map((one) => this.#piece(one));
  }

  #piece(one: Inline): Html | string {
    if (typeof one === 'string') return plain(one);
    if ('code' in one) return html`<code>${plain(one.code)}</code>`;
    if ('time' in one) return html`<time datetime="${one.time}">${utcText(one.time)}</time>`;
    if ('strong' in one) return html`<strong>${plain(one.strong)}</strong>`;
    if ('link' in one) {
      const address = webAddress(one.link);
      return address === undefined
        ? html`<code>${plain(one.text)}</code>`
        : html`<a href="${address}" rel="noreferrer"><code>${plain(one.text)}</code></a>`;
    }
    if (!this.#rows.has(one.row)) return html`<code>${plain(one.row)}</code>`;
    return html`<a href="#${anchor(one.row)}" data-section="${one.section}"><code>${plain(one.row)}</code></a>`;
  }

  #block(block: Block): Html {
    switch (block.kind) {
      case 'paragraph':
        return html`<p>${this.inline(block.text)}</p> `;
      case 'facts':
        return this.#table(
          'facts',
          block.caption,
          undefined,
          block.rows.map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${plain(name)}</th>
                <td class="text">${this.inline(value)}</td>
              </tr> `,
          ),
        );
      case 'table': {
        const numbers = block.columns.map((column) => typeof column !== 'string');
        const head = block.columns.map((column) =>
          typeof column === 'string' ? html`<th scope="col">${column}</th>` : html`<th scope="col" class="number">${column.number}</th>`,
        );
        const rows = block.rows.map(
          ({ id, cells }) => html`<tr${this.#idOf(id)}>${cells.map((cell, i) => this.#cell(cell, i, numbers[i] === true))}</tr>\n`,
        );
        return this.#table(
          'rows',
          block.caption,
          html`<thead>
            <tr>
              ${head}
            </tr>
          </thead> `,
          rows,
        );
      }
      case 'tasks':
        return html`<ul class="tasks">
          ${block.items.map((item) => html`<li>${this.inline(item)}</li> `)}
        </ul> `;
      case 'to-write':
        return html`<p class="write">${block.hint}</p> `;
      case 'chart':
        return chartOf(block);
      case 'amounts':
        return amountsOf(block, `amounts-${(this.#tables += 1)}`);
    }
  }

  /** Wide tables scroll by themselves, and the keyboard gets there. */
  #table(kind: string, caption: string, head: Html | undefined, rows: readonly Html[]): Html {
    const id = `table-${(this.#tables += 1)}`;
    return html`<div class="wide" role="group" aria-labelledby="${id}" tabindex="0">
      <table class="${kind}">
        <caption id="${id}">
          ${plain(caption)}
        </caption>
        ${head ?? ''}
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div> `;
  }

  #cell(cell: Inlines, index: number, number: boolean): Html {
    const inside = this.inline(cell);
    const kind = number ? 'number' : inlinesOf(cell).some(isId) ? 'id' : typeof cell === 'string' && cell.length > 30 ? 'text' : undefined;
    const named = kind === undefined ? '' : html`class="${kind}"`;
    return index === 0 ? html`<th scope="row" ${named}>${inside}</th>` : html`<td ${named}>${inside}</td>`;
  }

  #idOf(id: string | undefined): Html | string {
    if (id === undefined || this.#written.has(id)) return '';
    this.#written.add(id);
    return html` id="${anchor(id)}"`;
  }
}

function anchor(id: string): string {
  return `row-${id.replaceAll(/[^\w.-]/gu, '-')}`;
}

function isId(one: Inline): boolean {
  return typeof one !== 'string' && ('row' in one || ('code' in one && one.code.length > 20));
}
