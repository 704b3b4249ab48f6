import { SEVERITIES } from '../../lib/index.js';
import type { MonitorSettings } from '../../workspace/index.js';
import type { FindingKind } from '../types.js';

type Level = 'page' | 'note';

/** What stops a flow altogether: nothing arrives while it lasts. */
const STANDSTILL: ReadonlySet<FindingKind> = new Set(['stopped', 'silent', 'authorization', 'canary-lost', 'exhaustion']);

/** How bad a finding is: what is declared, else by what is at stake. Consent and damaged records come before time that is lost. */
export function severityOf({ severity, stakes }: MonitorSettings, finding: FindingKind, level: Level): string {
  if (severity !== undefined) return severity;
  const isPage = level === 'page';
  switch (stakes) {
    case 'consent':
      return isPage ? 'sev1' : 'sev2';
    case 'records':
      return isPage ? 'sev2' : 'sev3';
    case 'flow':
      return isPage ? (STANDSTILL.has(finding) ? 'sev2' : 'sev3') : 'sev4';
  }
}

/** Below 0 if the first is worse. What escalation.yml names in another way comes after what runback knows, by name. */
export function bySeverity(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

function rank(severity: string): number {
  const at = (SEVERITIES as readonly string[]).indexOf(severity);
  return at < 0 ? SEVERITIES.length : at;
}
