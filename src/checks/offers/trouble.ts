import type { Sign } from '../../runbooks/index.js';
import type { ParityResult } from '../parity/result.js';
import type { Difference, Reconciliation } from '../reconcile/types.js';
import type { CheckResult } from '../result.js';

/** What a check that failed is about, by which it is told what to do. */
export interface Trouble {
  /** The gravest first. */
  readonly signs: readonly Sign[];
  /** Where to look, the likeliest first. */
  readonly platforms: readonly string[];
  /** The earliest that it can have begun, where that is known. ISO 8601, UTC. */
  readonly since?: string;
  /** The mapping that it is about. */
  readonly mapping?: string;
  /** What is written to a test environment shows up in production. */
  readonly leaked?: true;
}

/** What is wrong between the two sides of a mapping; undefined where they agree. `consent`: places in `mapping.fields` that say who opted out. */
export function troubleOfReconciliation(
  { passed, counts, sides, mapping }: Reconciliation,
  differences: readonly Difference[],
  { consent, since }: { readonly consent: ReadonlySet<number>; readonly since: string | undefined },
): Trouble | undefined {
  if (passed) return undefined;
  const isCounted = (name: Difference['class']): boolean => counts.some((one) => one.class === name);
  const values = differences.filter((one) => one.class === 'value').flatMap(({ fields = [] }) => fields);
  const emptied = values.filter(({ values: both, authority }) => both !== undefined && isEmpty(both[authority === 0 ? 1 : 0]));
  const signs = signsOf([
    ['consent', counts.some((one) => one.class === 'value' && one.field !== undefined && consent.has(one.field))],
    ['missing', isCounted('missing')],
    ['doubled', isCounted('extra') || isCounted('twice')],
    ['emptied', emptied.length * 2 > values.length],
    ['value', isCounted('value')],
    ['option', isCounted('unreadable')],
  ]);
  // A record is missing where it is not; a value is wrong where it does not count.
  const weight = [0, 0];
  for (const { side, authority, count } of counts) {
    const at = side ?? (authority === 0 ? 1 : authority === 1 ? 0 : undefined);
    if (at !== undefined) weight[at] = (weight[at] ?? 0) + count;
  }
  const order = (weight[1] ?? 0) >= (weight[0] ?? 0) ? [sides[1], sides[0]] : [sides[0], sides[1]];
  return { signs, platforms: unique(order.map(({ platform }) => platform)), mapping: mapping.id, ...(since !== undefined && { since }) };
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** What is wrong with an integration, by a test of it; undefined where everything is as the test wants it. `mapping`: the one that it tests. */
export function troubleOfTest(
  { passed, load, steps = [], trigger, startedAt }: CheckResult,
  mapping?: { readonly id: string; readonly sides: readonly { readonly platform: string }[] },
): Trouble | undefined {
  if (passed) return undefined;
  const places = load?.places ?? [];
  const inPlaces = (...verdicts: readonly (keyof (typeof places)[number]['totals'])[]): boolean =>
    places.some(({ totals }) => verdicts.some((one) => totals[one] > 0));
  const inRecords = (...verdicts: readonly (keyof (typeof steps)[number]['records'])[]): boolean =>
    steps.some(({ records }) => verdicts.some((one) => records[one] > 0));
  const isMissed = trigger !== undefined && trigger.totals.missed + trigger.totals.late > 0;
  const cells = steps.flatMap(({ fields }) => fields);
  const signs = signsOf([
    ['not-arriving', inPlaces('lost', 'late', 'unknown') || inRecords('missing', 'late') || isMissed],
    ['doubled', inPlaces('doubled') || inRecords('doubled', 'left')],
    ['value', cells.some(({ totals }) => totals.wrong + totals.truncated > 0)],
    ['option', cells.some(({ totals }) => totals['option-lost'] > 0)],
    ['refused', inPlaces('refused')],
  ]);
  const platforms = unique([
    ...places.map(({ place }) => place.slice(0, place.indexOf('/'))),
    ...(mapping?.sides.map(({ platform }) => platform) ?? []).reverse(),
  ]);
  return { signs, platforms, since: startedAt, ...(mapping && { mapping: mapping.id }) };
}

/** How a test environment is not what it stands for; undefined where it is like production. */
export function troubleOfParity({ verdict, items, leak, production }: ParityResult): Trouble | undefined {
  if (verdict === 'like') return undefined;
  const isOpen = (areas: readonly string[]): boolean => items.some(({ area, status }) => status === 'different' && areas.includes(area));
  const signs = signsOf([
    ['access', isOpen(['scopes', 'permissions']) || verdict === 'unproven'],
    ['schema', isOpen(['fields', 'options', 'pipelines'])],
    ['value', leak.status === 'leaked'],
  ]);
  if (leak.status !== 'leaked') return { signs, platforms: signs.includes('schema') ? [production] : [] };
  return { signs, platforms: unique(leak.sightings.map(({ platform }) => platform).concat(production)), since: leak.window.from, leaked: true };
}

/** What changed on the platforms of a mapping since somebody accepted them; undefined where nothing breaks. */
export function troubleOfDrift(
  mapping: { readonly id: string; readonly sides: readonly { readonly platform: string }[] },
  { changed, since }: { readonly changed: readonly string[]; readonly since: string | undefined },
): Trouble {
  const platforms = unique([...changed, ...mapping.sides.map(({ platform }) => platform)]);
  return { signs: ['schema', 'option'], platforms, mapping: mapping.id, ...(since !== undefined && { since }) };
}

const signsOf = (all: readonly (readonly [Sign, boolean])[]): readonly Sign[] => all.flatMap(([sign, holds]) => (holds ? [sign] : []));
const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
