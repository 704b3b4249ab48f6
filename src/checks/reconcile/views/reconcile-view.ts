import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, inOrder, RunbackError } from '../../../lib/index.js';
import { type ObjectSchema, parseRecordLine } from '../../../records/index.js';
import { type Catalog, type SheetForm, sheetRows, viewedBy } from '../../../snapshots/index.js';
import { snapshotSide } from '../compare-snapshots.js';
import { addRecord, addRow, groupOf, type LabelsByField } from './read-view.js';
import { type Changed, compareView, groupKey, type ShownTotals, type Totals, type ViewDifference, type ViewSpec } from './view.js';

const PARTS_AT_ONCE = 2;

/** A view of another tool that is compared with a platform. */
export interface ViewRequest {
  /** Path of a CSV file. */
  readonly path: string;
  readonly object: string;
  /** How it is written; found out unless given. */
  readonly form?: SheetForm;
  readonly spec: ViewSpec;
  /** When the view was made; absent where nobody said. */
  readonly madeAt?: Date;
  /** A snapshot that holds the object type; one is taken where there is none. */
  readonly snapshot?: string;
  readonly by: string;
}

/** What a view and a platform say of the same groups. */
export interface ReconciledView {
  readonly snapshot: string;
  readonly groups: number;
  readonly rows: number;
  readonly differences: readonly ViewDifference[];
  /** Records that were changed after the view was made; absent where nobody said when. */
  readonly changedSince?: number;
  readonly passed: boolean;
}

/**
 * Compares grouped counts and sums of a view with those of the records of a platform. What records that were changed
 * since the view was made may explain is in flight. Writes nothing. Throws `file-unreadable`, `file-invalid`, `usage`.
 */
export async function reconcileView(
  request: ViewRequest,
  { platform, catalog }: { readonly platform: Platform; readonly catalog: Pick<Catalog, 'create' | 'open'> },
  call: CallOptions = {},
): Promise<ReconciledView> {
  const { spec, object } = request;
  const labels: LabelsByField = (await platform.connector.optionLabels?.(object, call)) ?? new Map();
  const shown = new Map<string, ShownTotals[]>();
  let rows = 0;
  for await (const row of sheetRows(request.path, request.form, call.signal)) {
    addRow(shown, spec, row, labels);
    rows += 1;
  }
  const id = request.snapshot ?? (await take(request, platform, catalog, call));
  const reader = await catalog.open(id);
  try {
    const { info, schema } = await snapshotSide(reader, { name: platform.name, platform: platform.name, object });
    requireFields(spec, schema);
    const totals = new Map<string, Totals>();
    for await (const bytes of inOrder(info.parts, PARTS_AT_ONCE, async (part) => await reader.partBytes(info, part, call.signal)))
      for (const line of bytes.toString('utf8').trimEnd().split('\n')) addRecord(totals, spec, parseRecordLine(line), labels);
    const changed = await changedSince(request, platform, schema, labels, call);
    const differences = compareView(spec, totals, shown, changed);
    return {
      snapshot: id,
      groups: totals.size,
      rows,
      differences,
      ...(request.madeAt === undefined ? {} : { changedSince: changed.records }),
      passed: differences.every((one) => one.class === 'in-flight'),
    };
  } finally {
    await reader.close();
  }
}

async function take({ object, by }: ViewRequest, platform: Platform, catalog: Pick<Catalog, 'create'>, call: CallOptions): Promise<string> {
  const job = viewedBy(platform.name, object);
  return (await catalog.create({ platforms: [{ ...platform, objects: [object] }], by, note: 'comparison with a view', job }, call)).id;
}

async function changedSince(
  { spec, madeAt }: ViewRequest,
  { connector }: Platform,
  schema: ObjectSchema,
  labels: LabelsByField,
  call: CallOptions,
): Promise<Changed> {
  const groups = new Set<string>();
  let count = 0;
  if (madeAt === undefined) return { records: 0, groups };
  for await (const { records } of connector.read({ schema, changedSince: madeAt }, call))
    for (const record of records) {
      count += 1;
      groups.add(groupKey(groupOf(spec, record, labels)));
    }
  return { records: count, groups };
}

function requireFields({ group, sums, only }: ViewSpec, { object, fields }: ObjectSchema): void {
  const lacking = [...group, ...sums, ...only].map(({ field }) => field).find((name) => !fields.some((one) => one.name === name));
  if (lacking === undefined) return;
  throw new RunbackError('usage', `${object} has no field "${lacking}"`, { state: 'Nothing was compared.', next: 'runback reconcile view --help' });
}
