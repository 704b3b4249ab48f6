/** A literal as it was written; a range is a word for a stretch of time: `LAST_N_DAYS:7`. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'date'; readonly value: string }
  | { readonly kind: 'datetime'; readonly value: string }
  | { readonly kind: 'range'; readonly word: string; readonly n: number };

export type Comparison = '=' | '!=' | '<' | '>' | '<=' | '>=' | 'LIKE';

/** A name with its path and where it stands in the text. */
export interface Path {
  readonly names: readonly string[];
  readonly at: number;
}

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly all: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly path: Path; readonly by: Comparison; readonly to: Literal }
  | { readonly kind: 'in'; readonly path: Path; readonly negated: boolean; readonly values: readonly Literal[] }
  | { readonly kind: 'in-query'; readonly path: Path; readonly negated: boolean; readonly query: Query }
  | { readonly kind: 'includes'; readonly path: Path; readonly negated: boolean; readonly values: readonly Literal[] };

export type Selected =
  | { readonly kind: 'field'; readonly path: Path }
  | { readonly kind: 'fields'; readonly which: 'ALL' | 'STANDARD' | 'CUSTOM' }
  | { readonly kind: 'children'; readonly query: Query };

export interface Sorting {
  readonly path: Path;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export interface Query {
  /** `count()` gives no records, only how many there are. */
  readonly counts: boolean;
  readonly select: readonly Selected[];
  /** The object, or for children the relationship. */
  readonly from: Path;
  readonly where: Condition | undefined;
  readonly orderBy: readonly Sorting[];
  readonly limit: number | undefined;
  readonly offset: number;
  /** `ALL ROWS`, which is for Apex only. */
  readonly text: string;
}
