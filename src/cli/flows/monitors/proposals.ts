import type { Watching } from '../../../workspace/index.js';

/** What a workspace has that could be watched. */
export interface Watchable {
  /** `counts`: it can count records by time; `quota`: it says how many calls a day has. */
  readonly platforms: readonly { readonly name: string; readonly objects: readonly string[]; readonly counts: boolean; readonly quota: boolean }[];
  readonly syncs: readonly string[];
  /** `hasTarget`: the job says how old its newest snapshot may get. */
  readonly jobs: readonly { readonly name: string; readonly hasTarget: boolean }[];
  readonly mappings: readonly string[];
}

/** Something that nobody watches, with the lines of `monitors:` that would. */
export interface Unwatched {
  readonly kind: 'sync' | 'platform' | 'backup' | 'mapping';
  readonly name: string;
  readonly lines: readonly string[];
}

/** Stands where only a person knows: how long, how old. A file with it is refused, and says where. */
export const FILL_IN = '…';

/**
 * What nobody watches, and monitors for it. Thresholds are never invented: what learns by itself is proposed as it is, and where a
 * number has to be said, {@link FILL_IN} stands. `tried`: mappings that a test of a monitor is about. Pure.
 */
export function proposeMonitors(
  { platforms, syncs, jobs, mappings }: Watchable,
  watching: Watching | undefined,
  tried: ReadonlySet<string>,
): readonly Unwatched[] {
  const monitors = watching?.monitors ?? [];
  const names = new Set(monitors.map(({ name }) => name));
  const named = (wanted: string): string => {
    const plain = `${/^[A-Za-z]/u.test(wanted) ? '' : 'm-'}${wanted.replaceAll(/[^A-Za-z0-9_-]+/gu, '-')}`.slice(0, 60);
    let free = plain;
    for (let n = 2; names.has(free); n += 1) free = `${plain}-${n}`;
    names.add(free);
    return free;
  };
  const line = (name: string, body: string, fill?: string): string =>
    `${named(name)}: { ${body} }${fill === undefined ? '' : `   # fill in: ${fill}`}`;
  return [
    ...syncs
      .filter((name) => !monitors.some((monitor) => monitor.syncs.includes(name)))
      .map((name) => ({
        kind: 'sync' as const,
        name,
        lines: [line(`${name}-alive`, `heartbeat: ${quoted(name)}, within: ${FILL_IN}`, 'the longest time between two of its runs, such as 2h')],
      })),
    ...platforms
      .filter(({ name }) => !monitors.some((monitor) => 'platform' in monitor && monitor.platform === name))
      .map(({ name, objects, counts, quota }) => ({
        kind: 'platform' as const,
        name,
        lines: [
          ...(counts
            ? objects.map((object) =>
                line(`${name}-${object}`, `count: ${quoted(`${name}/${object} created`)}${syncs.length === 0 ? '' : ', needs: heartbeat'}`),
              )
            : []),
          ...(quota ? [line(`${name}-quota`, `forecast: ${quoted(`${name}.daily`)}`)] : []),
          line(`${name}-fields`, `schema: ${quoted(name)}`),
        ],
      })),
    ...jobs
      .filter(({ name }) => !monitors.some((monitor) => monitor.kind === 'backup' && monitor.job === name))
      .map(({ name, hasTarget }) => ({
        kind: 'backup' as const,
        name,
        lines: [
          hasTarget
            ? line(`${name}-age`, `backup: ${quoted(name)}`)
            : line(`${name}-age`, `backup: ${quoted(name)}, above: ${FILL_IN}`, 'how old its newest snapshot may get, such as 26h'),
        ],
      })),
    ...mappings
      .filter(
        (id) =>
          !tried.has(id) && !monitors.some((monitor) => (monitor.kind === 'mapping' || monitor.kind === 'differences') && monitor.mapping === id),
      )
      .map((id) => ({
        kind: 'mapping' as const,
        name: id,
        lines: [line(`${id}-mapping`, `mapping: ${quoted(id)}`), line(`${id}-differences`, `differences: ${quoted(id)}`)],
      })),
  ];
}

/** A text as YAML, within braces. */
const quoted = (text: string): string => (/^[\w./-]+(?: created)?$/u.test(text) ? text : JSON.stringify(text));

/** The proposals as they would stand in runback.yml, each line behind `before`. `alerts`: with a runbook for what they find. */
export function proposedLines(
  all: readonly Unwatched[],
  { before = '', alerts }: { readonly before?: string; readonly alerts: boolean },
): readonly string[] {
  const lines = [
    'monitors:',
    ...all.flatMap(({ lines: own }) => own.map((line) => `  ${line}`)),
    ...(alerts ? ['alerts: { runbook: sync-stopped }'] : []),
  ];
  return lines.map((line) => `${before}${line}`);
}
