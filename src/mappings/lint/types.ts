import type { ObjectSchema } from '../../records/index.js';
import type { SyncConfig } from '../../workspace/index.js';
import type { Mapping } from '../document/mapping.js';

/** What was read of one object type: its description, or why there is none. */
export type ReadSchema =
  | { readonly schema: ObjectSchema }
  /** Names of the object types that there are, as far as the platform names them, and what it said. */
  | { readonly missing: readonly string[]; readonly said?: string }
  /** Why, as a sentence without its full stop. */
  | { readonly unreadable: string };

/** How many records hold each value of a field, and where that was counted: `snapshot 01J…`; or why nobody could count. */
export type Held = { readonly counts: ReadonlyMap<string, number>; readonly source: string } | { readonly unreadable: string };

/** Everything that lint looks at. */
export interface LintInput {
  /** All mappings of the workspace: circles and double writers go through several. */
  readonly mappings: readonly Mapping[];
  /** Names of the platforms of runback.yml. */
  readonly platforms: readonly string[];
  /** By platform and object type. */
  schemaOf(platform: string, object: string): ReadSchema;
  readonly syncs: readonly Pick<SyncConfig, 'name' | 'writes_to' | 'fields' | 'carries'>[];
  /** Undefined where nobody counted. */
  heldOf?(platform: string, object: string, field: string): Held | undefined;
}

/** What lint can find; permanent, so that scripts may match on it. */
export type LintRule =
  | 'platform-unknown'
  | 'unreadable'
  | 'object-unknown'
  | 'object-refused'
  | 'id-twice'
  | 'field-unknown'
  | 'field-withheld'
  | 'field-read-only'
  | 'key-written'
  | 'type-mismatch'
  | 'type-not-declared'
  | 'digits-lost'
  | 'too-long'
  | 'max-too-long'
  | 'option-missing'
  | 'option-case'
  | 'option-unmapped'
  | 'option-unknown'
  | 'option-held'
  | 'options-unchecked'
  | 'required-unfilled'
  | 'required-cleared'
  | 'number-too-large'
  | 'form-mismatch'
  | 'masked'
  | 'markup'
  | 'zone-unsaid'
  | 'reference-mismatch'
  | 'currency-unsaid'
  | 'depends-unmapped'
  | 'option-guarded'
  | 'unique-clash'
  | 'match-never'
  | 'match-unknown'
  | 'match-not-unique'
  | 'written-twice'
  | 'sync-unknown'
  | 'sync-not-writing'
  | 'sync-not-declaring'
  | 'authority-contradicted'
  | 'loop'
  | 'never-settles'
  | 'changes-on-return'
  | 'inactive-unknown'
  | 'inactive-unsaid'
  | 'settle-too-short'
  | 'forward-only'
  | 'consent';

/** A field of a platform. */
export interface FieldPlace {
  readonly platform: string;
  readonly object: string;
  readonly field: string;
}

/** An option that leads nowhere. */
export interface LostOption {
  readonly option: string;
  /** The same but for letter case, on the other side. */
  readonly near?: string;
  /** Records that hold it; absent where nobody counted. */
  readonly records?: number;
}

/** One thing that is wrong with a mapping. */
export interface LintFinding {
  /** `error`: it does not work, or nobody could tell whether it does. */
  readonly severity: 'error' | 'warning';
  readonly rule: LintRule;
  /** Id of the mapping. */
  readonly mapping: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it. */
  readonly next?: string;
  readonly options?: readonly LostOption[];
  /** The field whose records hold the options. */
  readonly holder?: FieldPlace;
  /** Where records were counted, or why they were not. */
  readonly counted?: string;
}
