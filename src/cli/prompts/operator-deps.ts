import type { ObjectSchema, RecordNames } from '../../records/index.js';
import type { PlanLine, PlanSummary } from '../../restores/index.js';
import type { SnapshotSummary } from '../../snapshots/index.js';
import type { Looks } from '../views/restores/record.js';
import type { Style } from '../views/text/style.js';
import type { Asker } from './asker.js';

/** Where the terminal's operator finds what questions are about. */
export interface OperatorDeps {
  readonly asker: Asker;
  readonly style: Style;
  /** Folder that names of files start from; by default the one of the process. */
  readonly cwd?: string;
  /** Zone of times that name none; undefined: such a time is refused. */
  readonly zone?: string | undefined;
  /** Prints lines that stay. */
  readonly print: (text: string) => void;
  readonly platforms: () => readonly { readonly name: string; readonly environment: string; readonly connector: string }[];
  readonly snapshots: () => Promise<readonly SnapshotSummary[]>;
  readonly plan: (id: string) => Promise<OpenPlan>;
  /** Takes decisions about conflicts, by conflict id; makes a new plan. */
  readonly decide: (plan: string, choices: Readonly<Record<string, 'keep' | 'restore'>>) => Promise<PlanSummary>;
}

/** A plan and its lines, which can be read several times. */
export interface OpenPlan {
  readonly summary: PlanSummary;
  /** Object types the plan was made with. */
  readonly schema?: { readonly objects: readonly ObjectSchema[] };
  lines(): AsyncIterable<PlanLine>;
  /** How people know these records, where that can be told. */
  looks?(records: Iterable<RecordRef>): Promise<Looks>;
}

/** A record by its object type and key. */
export interface RecordRef {
  readonly object: string;
  readonly key: string;
  /** How people know it, where whatever tells of it says so. */
  readonly called?: RecordNames;
}
