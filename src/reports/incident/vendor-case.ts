import { plain } from '../../document/index.js';
import type { Vendor } from '../../escalation/index.js';
import type { Incident } from '../../incidents/index.js';
import { formatCount as count, utcText } from '../../lib/index.js';
import { shownRef } from '../../workspace/index.js';
import type { FieldCount, PlanFacts, ReportData } from '../types.js';
import { withoutPersonalData } from './personal.js';

/** What a case text is made from, beside the incident. */
export interface VendorCaseFacts {
  /** Name of the vendor in escalation.yml. */
  readonly vendor: string;
  readonly report: ReportData;
  /** Names of the platforms of this vendor; without it, those with the vendor's name or account. */
  readonly platforms?: readonly string[];
  /** Whom the vendor can ask. */
  readonly contact?: { readonly name: string; readonly email?: string };
}

const FILL_IN = '(fill in)';
const SHOWN_IDS = 50;

/**
 * The text of a case for a vendor's support, to be pasted: plain text, one fact a line. Opens nothing and sends
 * nothing. Holds no value of a record and no address but that of the contact; what is not on record says "(fill in)".
 * `case_fields` come in the order of escalation.yml.
 */
export function vendorCase(incident: Incident, vendor: Vendor, facts: VendorCaseFacts): string {
  const given = facts.report;
  const report = withoutPersonalData(given);
  const plans = report.plans.filter((plan) => isVendors(plan, vendor, facts));
  const known = knownFields(incident, vendor, facts, report, plans);
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['Asked for', vendor.caseFields.map((name) => `${plain(name)}: ${known.get(wordOf(name)) ?? FILL_IN}`)],
    ['What happened', [report.title, report.summary ?? `${FILL_IN}: what you saw, in two or three sentences`]],
    ['Account', accountLines(vendor, plans)],
    ['Window (UTC)', windowLines(report)],
    ['Records', plans.length === 0 ? [FILL_IN] : plans.flatMap(recordLines)],
    ['What changed them', plans.length === 0 ? [FILL_IN] : plans.flatMap(reproductionLines)],
    ['Correlation ids of failed requests', idLines(correlationIds(report, plans))],
    ['Impact', [report.impact ?? FILL_IN]],
    ['Done so far', doneLines(report, plans)],
    ['Contact', contactLines(report, facts)],
  ];
  const header = [
    `Case for the support of ${plain(facts.vendor)}: ${plain(report.title)}`,
    `Reference: ${incident.id} (${incident.severity})`,
    ...reachLines(vendor),
  ];
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.map((line) => `  ${plain(line)}`).join('\n')}`);
  return `${[header.join('\n'), ...body].join('\n\n')}\n`;
}

function isVendors({ platform, account }: PlanFacts, vendor: Vendor, { vendor: name, platforms }: VendorCaseFacts): boolean {
  if (platforms !== undefined) return platforms.includes(platform);
  return platform === name || Object.values(vendor.account).includes(account);
}

/** `correlation_ids`, `Correlation IDs` and `correlation-ids` are one. */
function wordOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '_');
}

/** Case fields that can be filled from what is on record. */
function knownFields(
  incident: Incident,
  vendor: Vendor,
  facts: VendorCaseFacts,
  report: ReportData,
  plans: readonly PlanFacts[],
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const set = (names: readonly string[], value: string | undefined): void => {
    if (value !== undefined && value !== '') for (const name of names) fields.set(name, plain(value));
  };
  const objects = [...new Set(plans.flatMap((plan) => plan.objects.map(({ object }) => object)))];
  const ids = correlationIds(report, plans);
  const accounts = [...new Set(plans.map(({ account }) => account))].join(', ');
  set(['account', 'account_id', 'portal', 'hub_id', 'org', 'org_id', 'organization', 'organization_id'], accounts);
  for (const [name, value] of Object.entries(vendor.account)) set([wordOf(name)], value);
  set(['environment'], [...new Set(plans.map(({ environment }) => environment))].join(', '));
  set(['correlation_ids', 'correlation_id', 'request_ids'], shortList(ids));
  set(['window', 'time_window', 'time'], windowOf(report));
  set(['objects', 'object_types'], objects.join(', '));
  set(['records', 'record_count', 'count'], plans.length === 0 ? undefined : plans.map(recordsOf).join('; '));
  set(['impact'], report.impact);
  set(['severity', 'priority'], report.means === undefined ? report.severity : `${report.severity}: ${report.means}`);
  set(['title', 'subject'], report.title);
  set(['summary', 'description'], report.summary);
  set(['reproduction', 'steps', 'steps_to_reproduce'], plans.flatMap(reproductionLines).join('; '));
  set(['reference', 'incident'], incident.id);
  set(['contact'], facts.contact === undefined ? undefined : [facts.contact.name, facts.contact.email].filter((one) => one !== undefined).join(', '));
  return fields;
}

function accountLines(vendor: Vendor, plans: readonly PlanFacts[]): readonly string[] {
  const seen = [
    ...new Set(plans.map(({ account, environment, platform }) => `Account as the platform reports it: ${account} (${environment}, ${platform})`)),
  ];
  const lines = [...Object.entries(vendor.account).map(([name, value]) => `${name}: ${value}`), ...seen];
  return lines.length === 0 ? [FILL_IN] : lines;
}

function windowOf({ times: { began, detected, mitigated } }: ReportData): string {
  const start = began ?? detected;
  return `${start === undefined ? `${FILL_IN}: from` : utcText(start)} to ${mitigated === undefined ? 'now, not yet mitigated' : utcText(mitigated)}`;
}

function windowLines(report: ReportData): readonly string[] {
  const { began, detected, mitigated } = report.times;
  return [
    `Began: ${began === undefined ? FILL_IN : utcText(began)}`,
    `Detected: ${detected === undefined ? FILL_IN : utcText(detected)}`,
    `Mitigated: ${mitigated === undefined ? 'not yet' : utcText(mitigated)}`,
  ];
}

function recordsOf({ records, of, fields, platform }: PlanFacts): string {
  return `${count(records)} of ${count(of)} records, ${count(fields)} field values (${platform})`;
}

function recordLines(plan: PlanFacts): readonly string[] {
  return [
    recordsOf(plan),
    ...plan.objects.map(
      ({ object, records, fields, links }) =>
        `${object}: ${counted(records, 'record')}, ${counted(fields, 'field value')}, ${counted(links, 'link')}`,
    ),
    ...(plan.examples.length === 0 ? [] : [`Examples: ${[...new Set(plan.examples.map(({ object, key }) => `${object} ${key}`))].join(', ')}`]),
  ];
}

/** Which writer did what to which field: kinds of change, never values. */
function reproductionLines({ writers, fieldCounts }: PlanFacts): readonly string[] {
  const by = writers.map(({ writer, changes }) => `${writer} (${counted(changes, 'change')})`).join(', ');
  return [
    `Written by, as the history of the platform names it: ${by === '' ? FILL_IN : by}`,
    ...fieldCounts.map((field) => `${field.object}.${field.field}: ${kindOf(field)}`),
  ];
}

function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

function kindOf({ changes, emptied, filled, alike }: FieldCount): string {
  const times = counted(changes, 'value');
  if (emptied === changes) return `${times} emptied`;
  if (filled === changes) return `${times} written where the field was empty${alike && changes > 1 ? ', the same everywhere' : ''}`;
  if (alike && changes > 1) return `${times} overwritten with one and the same`;
  const parts = [...(emptied > 0 ? [`${count(emptied)} emptied`] : []), ...(filled > 0 ? [`${count(filled)} written where it was empty`] : [])];
  return `${times} overwritten with others${parts.length === 0 ? '' : `, of these ${parts.join(', ')}`}`;
}

function correlationIds({ runs, restores }: ReportData, plans: readonly PlanFacts[]): readonly string[] {
  const platforms = new Set(plans.map(({ platform }) => platform));
  const own = restores.filter(({ platform }) => platforms.has(platform));
  return [...new Set([...runs, ...own].flatMap((one) => one.correlationIds))];
}

function idLines(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return ['None is on record: no request failed with one.'];
  return ids.length <= SHOWN_IDS ? ids : [...ids.slice(0, SHOWN_IDS), `and ${count(ids.length - SHOWN_IDS)} more, in the journals`];
}

function shortList(ids: readonly string[]): string | undefined {
  if (ids.length === 0) return undefined;
  return ids.length <= 5 ? ids.join(', ') : `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more below`;
}

function doneLines({ restores, syncs }: ReportData, plans: readonly PlanFacts[]): readonly string[] {
  const ids = new Set(plans.map(({ id }) => id));
  return [
    ...syncs
      .filter(({ earlier }) => earlier === 'running')
      .map(
        ({ sync, at, state, resumedAt }) =>
          `${utcText(at)}: sync ${sync} paused${state === 'resumed' && resumedAt !== undefined ? `, resumed ${utcText(resumedAt)}` : ''}`,
      ),
    ...restores
      .filter(({ plan }) => ids.has(plan))
      .map(
        (one) =>
          `${one.startedAt === '' ? '' : `${utcText(one.startedAt)}: `}restore ${one.state}: ${count(one.applied)} of ${count(one.total)} changes written back, ${count(one.rejected)} refused, ${count(one.failed)} failed, ${count(one.inDoubt)} in doubt`,
      ),
    ...restores.filter(({ plan }) => ids.has(plan)).flatMap(({ messages }) => messages.map((text) => `The API said: ${text}`)),
  ];
}

/** Ours: whom the vendor can ask. The address was given for this, so it stands. */
function contactLines({ holder, people }: ReportData, { contact }: VendorCaseFacts): readonly string[] {
  if (contact !== undefined) return [`${contact.name}, ${contact.email ?? `${FILL_IN}: how to reach you`}`];
  const name = people.find(({ id }) => id === holder)?.name ?? holder;
  return [name === undefined ? FILL_IN : `${name}, ${FILL_IN}: how to reach them`];
}

/** For whoever pastes it: where to. A reference to a secret is not resolved. */
function reachLines({ support, phone }: Vendor): readonly string[] {
  const number = phone === undefined ? undefined : /^(?:env|file|command|keychain):/u.test(phone) ? `see ${shownRef(phone)}` : phone;
  return [...(support === undefined ? [] : [`Support: ${plain(support)}`]), ...(number === undefined ? [] : [`Telephone: ${plain(number)}`])];
}
