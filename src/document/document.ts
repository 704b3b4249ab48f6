/**
 * A text of sections before it is Markdown or HTML. Texts are as people and platforms wrote them: each renderer escapes
 * them.
 */
export interface TextDocument {
  readonly title: string;
  /** Lines under the title. */
  readonly lead: readonly Inlines[];
  readonly sections: readonly DocumentSection[];
}

export interface DocumentSection {
  /** Ours, never from data: it becomes a heading and the address of links. */
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Inline =
  | string
  /** An id or command, in another face. */
  | { readonly code: string }
  /** ISO 8601. */
  | { readonly time: string }
  | { readonly strong: string }
  /** A page elsewhere that opens something: only `http(s)`, else its text alone is shown. */
  | { readonly link: string; readonly text: string }
  /** A row elsewhere in this document: its id, and the title of the section it stands in. */
  | { readonly row: string; readonly section: string };
export type Inlines = Inline | readonly Inline[];

export type Block =
  | { readonly kind: 'paragraph'; readonly text: Inlines }
  | { readonly kind: 'facts'; readonly caption: string; readonly rows: readonly (readonly [name: string, value: Inlines])[] }
  | {
      readonly kind: 'table';
      readonly caption: string;
      /** `number`: to the right. */
      readonly columns: readonly (string | { readonly number: string })[];
      /** The first cell heads its row. `id`: what links lead to. */
      readonly rows: readonly { readonly id?: string; readonly cells: readonly Inlines[] }[];
    }
  | { readonly kind: 'tasks'; readonly items: readonly Inlines[] }
  /** For people to write; the hint says what. */
  | { readonly kind: 'to-write'; readonly hint: string }
  | { readonly kind: 'chart'; readonly title: string; readonly bars: readonly ChartBar[] }
  /** Amounts under each other, the largest as wide as the page. */
  | { readonly kind: 'amounts'; readonly title: string; readonly bars: readonly AmountBar[] };

/** One amount. Never told by colour alone: `shown` says it in words. */
export interface AmountBar {
  readonly name: string;
  /** 0 or more. */
  readonly amount: number;
  /** With its unit, and whatever is to be known beside it: `4 min, failed`. */
  readonly shown: string;
  readonly bad?: true;
}

/** A span of time. Without an end it goes on to the end of the chart. */
export interface ChartBar {
  readonly name: string;
  readonly from: string;
  readonly to?: string;
}

/** The characters that cannot be seen or that turn text around, made visible; line breaks become spaces. */
export function plain(text: string): string {
  return text
    .replaceAll(/[\s\u0085\u2028\u2029]+/gu, ' ')
    .replaceAll(/[\p{Cc}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]|\p{Surrogate}/gu, (character) => {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
      return `\u27E8U+${code.padStart(4, '0')}\u27E9`;
    });
}

/** An address that may be opened: undefined where it is not of the web, or hides anything. */
export function webAddress(link: string): string | undefined {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  return url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
    ? url.href
    : undefined;
}

/** The address of a section within the report, the same as GitHub and GitLab give its heading. */
export function slug(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z\d]+/gu, '-');
}

export function inlinesOf(inlines: Inlines): readonly Inline[] {
  return Array.isArray(inlines) ? (inlines as readonly Inline[]) : [inlines as Inline];
}
