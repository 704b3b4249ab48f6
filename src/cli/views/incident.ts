import type { Incident, IncidentStatus, PageLine } from '../../incidents/index.js';
import { titleOf, utcClock } from '../../lib/index.js';
import { counted, facts, relative, table, time } from './text/format.js';
import type { GlyphName, Style } from './text/style.js';
import { visible, visibleLines } from './text/visible.js';
import { displayWidth, truncate, wrap } from './text/width.js';

const STATUS: Readonly<Record<IncidentStatus, string>> = {
  open: 'not acknowledged',
  acknowledged: 'acknowledged',
  snoozed: 'snoozed',
  mitigated: 'the damage has stopped; not resolved yet',
  resolved: 'resolved',
  merged: 'merged into another',
};

const GLYPHS: Readonly<Record<IncidentStatus, GlyphName>> = {
  open: 'warning',
  acknowledged: 'running',
  snoozed: 'pause',
  mitigated: 'running',
  resolved: 'done',
  merged: 'arrow',
};

const PAGE: Readonly<Record<PageLine['state'], string>> = {
  open: 'on its way',
  accepted: 'sent',
  failed: 'failed permanently',
  withdrawn: 'no longer needed',
};

/** Who has it, in words. */
export function holderWords({ status, holder, snoozedUntil, mergedInto }: Incident, style: Style): string {
  if (status === 'snoozed' && snoozedUntil !== undefined) return `snoozed until ${time(snoozedUntil, style)}`;
  if (status === 'merged') return `merged into ${mergedInto ?? 'another'}`;
  if (holder === undefined || status === 'resolved') return STATUS[status];
  return `acknowledged by ${visible(holder.person)}, ${relative(new Date(holder.since), style.now)}${status === 'mitigated' ? '; the damage has stopped' : ''}`;
}

/** An incident in a few lines: severity and title, who has it, what to type next. */
export function incidentBlock(incident: Incident, style: Style): string {
  const { chalk, glyph } = style;
  const heading = `${glyph[GLYPHS[incident.status]]} [${incident.severity}] ${visible(titleOf(incident))}`;
  const colour = incident.status === 'open' ? chalk.red.bold : chalk.bold;
  return [
    wrap(heading, style.width)
      .map((line) => colour(line))
      .join('\n'),
    `  ${holderWords(incident, style)}; opened ${relative(new Date(incident.openedAt), style.now)} by ${visible(incident.openedBy)}`,
    `  ${incident.id}`,
  ].join('\n');
}

/** An incident in a line: severity, title, who has it. */
export function incidentLine(incident: Incident, style: Style): string {
  const { id, severity } = incident;
  const tail = `; ${holderWords(incident, style)} (${id})`;
  return `${style.glyph[GLYPHS[incident.status]]} ${truncate(style.spelt(`[${severity}] ${visible(titleOf(incident))}`), Math.max(20, style.width - 2 - displayWidth(tail)), style.cut)}${tail}`;
}

/** Everything about an incident. `means`: its severity in words. `last`: how many lines of the timeline. */
export function incidentText(incident: Incident, means: string | undefined, style: Style, last = Number.POSITIVE_INFINITY): string {
  const pairs: [string, string][] = [
    ['Incident', incident.id],
    ['Severity', means === undefined ? incident.severity : `${incident.severity}: ${visible(means)}`],
    ['State', holderWords(incident, style)],
    ['Opened', `${time(incident.openedAt, style)} by ${visible(incident.openedBy)}`],
  ];
  if (incident.drill !== undefined) pairs.push(['Drill', `${incident.drill}: no real data is affected`]);
  if (incident.impact !== undefined) pairs.push(['Impact', visible(incident.impact)]);
  if (incident.platforms.length > 0) pairs.push(['Platforms', visible(incident.platforms.join(', '))]);
  if (incident.beganAt !== undefined) pairs.push(['Damage began', time(incident.beganAt, style)]);
  if (incident.mitigatedAt !== undefined) pairs.push(['Mitigated', time(incident.mitigatedAt, style)]);
  if (incident.resolvedAt !== undefined) pairs.push(['Ended', time(incident.resolvedAt, style)]);
  for (const { person, role, since } of incident.grants)
    pairs.push(['Authority', `${visible(person)} has the role ${visible(role)} since ${time(since, style)}`]);
  for (const link of incident.links.filter(({ id }) => id !== incident.drill))
    pairs.push([`${link.kind.charAt(0).toUpperCase()}${link.kind.slice(1)}`, link.id]);
  for (const vendor of incident.vendors)
    pairs.push([
      `Case at ${visible(vendor.vendor)}`,
      `${visible(vendor.number ?? 'no number yet')}${vendor.followUpAt === undefined ? '' : `; follow up ${time(vendor.followUpAt, style)}`}`,
    ]);
  pairs.push(['Last hash', incident.lastHash]);
  const shown = incident.timeline.slice(-last);
  const lines = shown.flatMap((entry) => timelineLines(entry, style));
  const cut = incident.timeline.length > shown.length ? [`  ... and ${counted(incident.timeline.length - shown.length, 'earlier lines')}`] : [];
  return [
    style.chalk.bold(visible(titleOf(incident))),
    facts(pairs, style),
    '',
    style.chalk.bold('Timeline (UTC)'),
    ...cut,
    ...lines,
    ...(incident.pages.length === 0 ? [] : ['', style.chalk.bold('Pages'), pagesText(incident.pages, style)]),
  ].join('\n');
}

/** One entry of a timeline. */
export function timelineLines({ at, by, text }: Incident['timeline'][number], style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(visibleLines(`${by}: ${text}`), style.width - 22);
  return [`  ${utcClock(at) ?? at} ${first}`, ...rest.map((line) => `${' '.repeat(22)}${line}`)];
}

/** Pages with what became of them. */
export function pagesText(pages: readonly PageLine[], style: Style): string {
  return table(
    [{ title: 'To', shrink: true }, { title: 'By' }, { title: 'For' }, { title: 'State', shrink: true }, { title: 'When' }],
    pages.map((page) => [
      visible(page.to.name ?? page.to.person ?? page.to.channel),
      page.to.medium === 'channel' ? visible(page.to.channel) : page.to.medium,
      page.kind,
      `${PAGE[page.state]}${page.why === undefined || page.state !== 'failed' ? '' : `: ${visible(page.why)}`}`,
      relative(new Date(page.settledAt ?? page.at), style.now),
    ]),
    style,
  );
}

/** What paging came to, in a line or two: for right after an incident was opened or changed. */
export function pagingText(incident: Incident, daemon: boolean, hasPolicy: boolean, style: Style): string {
  const { glyph } = style;
  if (!hasPolicy) return `${glyph.warning} Nobody was paged: this workspace has no escalation.yml. Tell people yourself.`;
  if (incident.policy === undefined)
    return `${glyph.warning} Nobody was paged: it was opened while there was no escalation policy, and has none. Tell people yourself, or open another one.`;
  const waiting = incident.pages.filter(({ state }) => state === 'open').length;
  const failed = incident.pages.filter(({ state }) => state === 'failed').length;
  const lines = incident.pages.length === 0 ? [] : [pagesText(incident.pages.slice(-8), style)];
  if (failed > 0) lines.push(`${glyph.failed} ${counted(failed, 'pages')} failed permanently. See: runback incident show ${incident.id}`);
  if (waiting > 0) lines.push(`${glyph.running} ${counted(waiting, 'pages')} on the way${daemon ? ': the daemon sends them' : ''}.`);
  if (incident.status === 'open' && !daemon)
    lines.push(
      ...wrap(`${glyph.warning} No daemon is running here: nothing escalates automatically.`, style.width),
      '  Start one: runback daemon',
      `  Or escalate by hand: runback incident escalate ${incident.id}`,
    );
  return lines.join('\n');
}
