import { type FoundByMonitor, type Incident, type Incidents, isOpen, note, triage } from '../../incidents/index.js';
import { defined, isRunbackError } from '../../lib/index.js';
import type { MonitorSettings, SyncConfig } from '../../workspace/index.js';
import type { AlertAction, OpenAlert, OpenFinding } from '../alerts/types.js';
import { placeOf } from '../place.js';

/** Where an incident comes from that a monitor opened. */
export const MONITOR_SOURCE = 'monitor';

/** What is done for an alert works with. */
export interface TellingDeps {
  readonly incidents: Incidents;
  readonly by: string;
  /** Names of the severities that escalation.yml has, the worst first; undefined where there is none. */
  readonly severities: readonly string[] | undefined;
  readonly monitors: readonly MonitorSettings[];
  readonly syncs: Readonly<Record<string, Pick<SyncConfig, 'name' | 'writes_to'>>>;
}

/**
 * Opens the incident of an alert under the id that was written down for it; where the incident of the alert before it is still
 * open, that one is told of it. Gives the incident.
 */
export async function openFor(action: AlertAction, id: string, earlier: string | undefined, deps: TellingDeps): Promise<string> {
  const { incidents, by } = deps;
  const open = earlier === undefined || earlier === id ? undefined : await readIf(incidents, earlier);
  if (open !== undefined && isOpen(open)) {
    await note(incidents, open.id, `It is back. ${saysOf(action.alert)}`, false, { by, source: MONITOR_SOURCE }, action.key);
    return open.id;
  }
  const { alert } = action;
  const found = foundOf(action, deps);
  await incidents.openAs(
    id,
    {
      title: titleOf(alert),
      severity: severityIn(alert.severity, deps.severities),
      platforms: platformsOf(alert),
      source: MONITOR_SOURCE,
      beganAt: found.from,
      detectedAt: found.to,
      summary: saysOf(alert),
      found,
    },
    by,
  );
  return id;
}

/** Tells an incident what its alert says now; once for each action. An incident that is gone or cannot be read holds nothing up. */
export async function tellIncident(action: AlertAction, id: string, deps: TellingDeps): Promise<void> {
  const { incidents, by } = deps;
  const incident = await readIf(incidents, id);
  if (incident === undefined || !isOpen(incident)) return;
  const actor = { by, source: MONITOR_SOURCE };
  const text =
    action.kind === 'close' ? 'All of it is well again, and has been for long enough. Resolve it when you have seen why.' : saysOf(action.alert);
  await note(incidents, id, text, false, actor, action.key);
  const severity = severityIn(action.alert.severity, deps.severities);
  if (action.kind === 'update' && severity < incident.severity)
    await triage(incidents, id, { severity, why: 'What monitors found got worse' }, actor);
}

/** The severity, or the nearest milder one that escalation.yml has. */
function severityIn(wanted: string, known: readonly string[] | undefined): string {
  if (known === undefined || known.length === 0 || known.includes(wanted)) return wanted;
  return [...known].sort().find((name) => name >= wanted) ?? known.at(-1) ?? wanted;
}

const WORDS: Readonly<Record<OpenFinding['finding'], string>> = {
  stopped: 'has stopped',
  drop: 'has dropped',
  surge: 'is far more than usual',
  errors: 'fails too often',
  slow: 'is slower than usual',
  late: 'is behind',
  silent: 'shows no sign of life',
  exhaustion: 'will run out of calls today',
  'too-old': 'is too old',
  'schema-changed': 'has changed its fields',
  differences: 'differs',
  'canary-lost': 'does not arrive',
  'canary-unsafe': 'is not safe to write to',
  authorization: 'no longer accepts the credentials',
  unmeasured: 'cannot be measured',
};

const platformsOf = ({ findings }: OpenAlert): readonly string[] => [...new Set(findings.flatMap(({ platforms }) => platforms))];

/** The worst of what is wrong now, in a few words. */
function titleOf({ findings }: OpenAlert): string {
  const worst = worstOf(findings);
  if (worst === undefined) return 'A monitor found something';
  const what = worst.finding === 'authorization' ? worst.platforms[0] : worst.series.of;
  const others = new Set(findings.filter((one) => one.wrong && one.because === undefined && one !== worst).map(({ series }) => series.monitor)).size;
  return `${what ?? worst.series.monitor} ${WORDS[worst.finding]}${others === 0 ? '' : `, and ${String(others)} more`}`;
}

const saysOf = ({ findings }: OpenAlert): string => {
  const told = findings.filter(({ wrong, because }) => wrong && because === undefined);
  const silenced = findings.filter(({ wrong, because }) => wrong && because !== undefined).length;
  const texts = told.map(({ series, says }) => `${series.of}: ${says}`);
  if (silenced > 0) texts.push(`${String(silenced)} more ${silenced === 1 ? 'follows' : 'follow'} from it.`);
  return texts.join(' ');
};

function worstOf(findings: readonly OpenFinding[]): OpenFinding | undefined {
  const told = findings.filter(({ because, wrong }) => because === undefined && wrong);
  return [...told].sort((a, b) => a.severity.localeCompare(b.severity) || a.level.localeCompare(b.level) * -1 || a.since.localeCompare(b.since))[0];
}

/** Where a search for what happened starts: the window, and the platform, object type and writer of the worst finding. Pure. */
export function foundOf({ key, alert, runbook }: AlertAction, { monitors, syncs }: Pick<TellingDeps, 'monitors' | 'syncs'>): FoundByMonitor {
  const told = alert.findings.filter(({ because }) => because === undefined);
  const worst = worstOf(alert.findings);
  const settings = monitors.find(({ name }) => name === worst?.series.monitor);
  const platform =
    settings?.kind === 'volume' || settings?.kind === 'schema' || settings?.kind === 'forecast' ? settings.platform : platformsOf(alert)[0];
  const named = told.flatMap(({ series }) => {
    const monitor = monitors.find(({ name }) => name === series.monitor);
    return monitor === undefined ? [] : placeOf(monitor, series).syncs;
  });
  const writing = Object.values(syncs).flatMap(({ name, writes_to }) => (platform !== undefined && writes_to.includes(platform) ? [name] : []));
  return {
    alert: key,
    monitors: [...new Set(told.map(({ series }) => series.monitor))],
    from: told.map(({ since }) => since).sort()[0] ?? alert.openedAt,
    to: alert.openedAt,
    syncs: [...new Set([...named, ...writing])],
    ...defined({
      platform,
      object: settings?.kind === 'volume' || settings?.kind === 'schema' ? settings.object : undefined,
      writer: settings?.kind === 'volume' ? settings.writer : undefined,
      runbook,
    }),
  };
}

async function readIf(incidents: Incidents, id: string): Promise<Incident | undefined> {
  return await incidents.read(id).catch((error: unknown) => {
    if (isRunbackError(error)) return undefined;
    throw error;
  });
}
