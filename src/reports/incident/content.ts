import type { Block, ChartBar, Inline, Inlines, TextDocument } from '../../document/index.js';
import { causeOf, failureLines, withFailuresTogether } from '../../incidents/index.js';
import { counted, DRILL_TEXT, formatDuration } from '../../lib/index.js';
import type { PageFacts, ReportData, ReportLine } from '../types.js';
import { impactBlocks, restoreBlocks } from './damage.js';
import { headlineLines } from './headline.js';

const NOT_ON_RECORD = 'not on record';
const LISTED: Readonly<Record<string, string>> = { run: 'Runs', restore: 'Restores', plan: 'Impact', pause: 'Syncs paused' };

/** What a report says, in order: the one home of its content, whatever it is rendered as. */
export function reportDocument(data: ReportData): TextDocument {
  return {
    title: `${data.title} (${data.severity})`,
    lead: [
      ...(data.drill === undefined ? [] : [[{ strong: DRILL_TEXT }]]),
      ...headlineLines(data.headline).map((words): Inlines => [{ strong: words }]),
      ['Incident ', { code: data.id }, `, ${data.status}. Gathered `, { time: data.gatheredAt }, '. All times are UTC.'],
      data.personal
        ? [{ strong: 'Contains personal data.' }, ' Keep it where such data may be kept.']
        : 'Values of records, e-mail addresses and telephone numbers are replaced by placeholders such as [e-mail 1]. Names of colleagues and keys of records stay.',
    ],
    sections: [
      { title: 'Summary', blocks: summary(data) },
      { title: 'Impact', blocks: impactBlocks(data) },
      { title: 'Timeline', blocks: timeline(data) },
      { title: 'Detection and response', blocks: response(data) },
      { title: 'Syncs paused', blocks: syncs(data) },
      { title: 'Restores', blocks: restoreBlocks(data) },
      { title: 'Runs', blocks: runs(data) },
      { title: 'Decisions', blocks: decisions(data) },
      { title: 'Approvals', blocks: approvals(data) },
      { title: 'Pages', blocks: pages(data) },
      { title: 'Vendor cases', blocks: vendors(data) },
      {
        title: 'What went well',
        blocks: [{ kind: 'to-write', hint: 'To be written: what helped, and should stay as it is. Name things and steps, not people.' }],
      },
      {
        title: 'What went badly',
        blocks: [{ kind: 'to-write', hint: 'To be written: what was missing, slow, wrong or lucky. Ask how it could happen, not who did it.' }],
      },
      { title: 'Action items', blocks: actions(data) },
      { title: 'Evidence', blocks: evidence(data) },
    ],
  };
}

function summary(data: ReportData): readonly Block[] {
  const { people, merged, severity, means, platforms, holder } = data;
  const name = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  const rows: [string, Inlines][] = [
    ['Severity', means === undefined ? severity : `${severity}: ${means}`],
    ['Status', merged.into === undefined ? data.status : [`${data.status} into `, { code: merged.into }]],
    ['Platforms', platforms.join(', ') || NOT_ON_RECORD],
    ['Opened by', `${name(data.openedBy)} (${data.source})`],
    ['Acknowledged by', holder === undefined ? 'nobody' : name(holder)],
    ['People', people.map(({ id }) => name(id)).join(', ') || NOT_ON_RECORD],
    ...merged.absorbed.map(({ id, title }): [string, Inlines] => ['Merged in', [{ code: id }, ` ${title}`]]),
  ];
  const text: Block =
    data.summary === undefined
      ? { kind: 'to-write', hint: 'To be written: what happened, in two or three sentences.' }
      : { kind: 'paragraph', text: data.summary };
  return [text, { kind: 'facts', caption: 'The incident', rows }];
}

function timeline({ timeline: lines, people }: ReportData): readonly Block[] {
  const name = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  return [
    {
      kind: 'table',
      caption: 'What happened, in order',
      columns: ['Time (UTC)', 'Who', 'From', 'What', 'Evidence'],
      rows: lines.map((line) => ({ cells: [{ time: line.at }, name(line.by), line.source, line.text, evidenceOf(line)] })),
    },
  ];
}

function evidenceOf({ evidence: one }: Pick<ReportLine, 'evidence'>): Inlines {
  if (one === undefined) return '';
  const section = LISTED[one.kind];
  return section === undefined ? { code: one.id } : { row: one.id, section };
}

function response({ spans, times, syncs: paused }: ReportData): readonly Block[] {
  const at = (time: string | undefined): Inlines => (time === undefined ? NOT_ON_RECORD : { time });
  const took = (ms: number | undefined): string =>
    ms === undefined ? 'unknown' : ms < 0 ? `unknown (the times are ${formatDuration(-ms)} the wrong way round)` : formatDuration(ms);
  return [
    ...chart(times, paused),
    {
      kind: 'table',
      caption: 'How long it took',
      columns: ['Span', 'From', 'To', { number: 'Took' }, { number: 'Asked for' }],
      rows: spans.map(({ name, from, to, ms, withinMs }) => ({
        cells: [name, at(from), at(to), took(ms), withinMs === undefined ? '' : `within ${formatDuration(withinMs)}`],
      })),
    },
  ];
}

function chart(times: ReportData['times'], paused: ReportData['syncs']): readonly Block[] {
  const { began, detected, opened, firstAcknowledged, mitigated, resolved } = times;
  const bar = (name: string, from: string | undefined, to: string | undefined): readonly ChartBar[] =>
    from === undefined || to === undefined || to < from ? [] : [{ name, from, to }];
  const bars: readonly ChartBar[] = [
    ...bar('Unnoticed', began, detected),
    ...bar('Not acknowledged', opened, firstAcknowledged),
    ...bar('Until mitigated', opened, mitigated),
    ...bar('Until resolved', opened, resolved),
    ...paused
      .filter(({ earlier }) => earlier === 'running')
      .slice(0, 6)
      .map(({ sync, at, resumedAt, state }) => ({
        name: `${sync} paused`,
        from: at,
        ...(resumedAt === undefined || state !== 'resumed' ? {} : { to: resumedAt }),
      })),
  ];
  return bars.length === 0 ? [] : [{ kind: 'chart', title: 'Spans of the incident', bars }];
}

const PAUSE_STATES: Readonly<Record<string, string>> = {
  pausing: 'pause started, answer not on record',
  paused: 'still paused',
  failed: 'could not be paused or started',
  resumed: 'running again',
  left: 'left paused, as it was before',
  held: 'still held by another pause',
};

function syncs({ syncs: paused }: ReportData): readonly Block[] {
  if (paused.length === 0) return [nothing('No sync was paused.')];
  const rows = paused.map((one) => ({
    id: one.pause,
    cells: [
      one.sync,
      { time: one.at },
      one.by,
      one.run === undefined ? [{ code: one.pause }, ', by hand'] : [{ code: one.pause }, ' of ', { row: one.run, section: 'Runs' }],
      one.earlier,
      `${PAUSE_STATES[one.state] ?? one.state}${one.why === undefined ? '' : ` (${one.why})`}`,
      one.resumedAt === undefined ? NOT_ON_RECORD : ([{ time: one.resumedAt }, ` by ${one.resumedBy ?? '?'}`] as readonly Inline[]),
    ] as readonly Inlines[],
  }));
  return [
    { kind: 'table', caption: 'Syncs that were paused', columns: ['Sync', 'Paused', 'By', 'Pause', 'State before', 'State after', 'Ended'], rows },
  ];
}

function runs({ runs: all }: ReportData): readonly Block[] {
  if (all.length === 0) return [nothing('No run of a runbook is linked.')];
  const overview: Block = {
    kind: 'table',
    caption: 'Runs of runbooks',
    columns: ['Run', 'Runbook', 'State', 'By', 'Began', 'Ended'],
    rows: all.map(({ id, runbook, title, state, by, startedAt, endedAt }) => ({
      id,
      cells: [{ code: id }, `${title} (${runbook})`, state, by, { time: startedAt }, endedAt === undefined ? NOT_ON_RECORD : { time: endedAt }],
    })),
  };
  const steps = all.map(({ id, steps: list }): Block => ({
    kind: 'table',
    caption: `Steps of ${id}`,
    columns: ['Step', 'State', 'Began', 'Ended', 'Remarks'],
    rows: list.map(({ title, state, startedAt, endedAt, error, evidence: files }) => ({
      cells: [
        title,
        state,
        startedAt === undefined ? '' : { time: startedAt },
        endedAt === undefined ? '' : { time: endedAt },
        [error, ...files].filter((one) => one !== undefined).join('; '),
      ],
    })),
  }));
  return [overview, ...steps];
}

function decisions({ decisions: all, people }: ReportData): readonly Block[] {
  if (all.length === 0) return [nothing('No decision of a person is on record.')];
  const name = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  return [
    {
      kind: 'table',
      caption: 'What people decided, in order',
      columns: ['When', 'Who', 'Decision', 'About', 'Answer', 'Reason', 'Where'],
      rows: all.map(({ at, by, kind, what, answer, why, evidence: where }) => ({
        cells: [{ time: at }, name(by), kind, what, answer ?? '', why ?? '', evidenceOf({ evidence: where })],
      })),
    },
  ];
}

function approvals({ approvals: all }: ReportData): readonly Block[] {
  if (all.length === 0) return [nothing('Nothing was approved in a linked run.')];
  return [
    {
      kind: 'table',
      caption: 'Approvals in runs',
      columns: ['Who', 'When', 'What', 'Proof of identity', 'Hash of what was approved', 'Run', 'Note'],
      rows: all.map(({ by, at, step, authority, authenticated, of, run, note }) => ({
        cells: [
          by,
          { time: at },
          `${step} (${authority})`,
          authenticated ? 'authenticated' : { strong: 'UNAUTHENTICATED' },
          { code: of },
          { row: run, section: 'Runs' },
          note ?? '',
        ],
      })),
    },
  ];
}

const PAGE_STATES: Readonly<Record<string, string>> = {
  accepted: 'accepted',
  failed: 'failed permanently',
  withdrawn: 'no longer needed',
  open: 'not known yet',
};

function pages({ pages: all }: ReportData): readonly Block[] {
  if (all.length === 0) return [nothing('Nobody was paged.')];
  return [
    {
      kind: 'table',
      caption: 'Pages and their delivery',
      columns: ['To', 'By', 'What for', 'Due', 'Outcome', 'Known at', { number: 'Attempts' }],
      rows: withFailuresTogether(all, ({ channel }) => channel).map((group) => ({
        cells: group.length > 1 ? failedCells(group) : group.flatMap(pageCells),
      })),
    },
    ...unreached(all),
    { kind: 'paragraph', text: '“Accepted” means that the service accepted the message, not that someone read it.' },
  ];
}

function pageCells({ to, medium, channel, kind, at, state, settledAt, attempts, why, needs, bundle }: PageFacts): readonly Inlines[] {
  const cause = needs === undefined ? why : causeOf({ why, needs });
  return [
    to,
    medium === 'channel' ? 'channel' : `${medium} (${channel})`,
    kind,
    { time: at },
    [
      PAGE_STATES[state] ?? state,
      ...(cause === undefined ? [] : [`: ${cause}`]),
      ...(bundle === undefined ? [] : [', in bundle ', { code: bundle }]),
    ],
    settledAt === undefined ? '' : { time: settledAt },
    attempts === undefined ? '' : String(attempts),
  ];
}

/** Pages that failed of one cause over one channel: one row, however many they are. */
function failedCells(group: readonly PageFacts[]): readonly Inlines[] {
  const several = (names: readonly string[]): string => [...new Set(names)].join(', ');
  const [first] = group;
  const last = group.at(-1);
  return [
    several(group.map(({ to }) => to)),
    first?.channel ?? '',
    several(group.map(({ kind }) => kind)),
    { time: first?.at ?? '' },
    `${counted(group.length, 'pages')} failed permanently: ${causeOf(first ?? {})}`,
    last?.settledAt === undefined ? '' : { time: last.settledAt },
    String(group.reduce((all, { attempts }) => all + (attempts ?? 0), 0)),
  ];
}

/** Said before anything else of the pages where nobody heard of it. */
function unreached(all: readonly PageFacts[]): readonly Block[] {
  if (all.some(({ state }) => state !== 'failed')) return [];
  return [{ kind: 'paragraph', text: [{ strong: 'Nobody was reached.' }, ` ${failureLines(all, false).join(' ')}.`] }];
}

function vendors({ vendors: all }: ReportData): readonly Block[] {
  if (all.length === 0) return [nothing('No support case is on record.')];
  return [
    {
      kind: 'table',
      caption: 'Cases at vendors',
      columns: ['Vendor', 'Case', 'Since', 'By', 'Next follow-up'],
      rows: all.map(({ vendor, number, at, by, followUpAt }) => ({
        cells: [vendor, number ?? NOT_ON_RECORD, { time: at }, by, followUpAt === undefined ? NOT_ON_RECORD : { time: followUpAt }],
      })),
    },
  ];
}

function actions({ findings }: ReportData): readonly Block[] {
  const hint =
    'To be written: one line for each action, with a name and a date. What the records show is already listed; strike out what needs no action.';
  return [{ kind: 'to-write', hint }, ...(findings.length === 0 ? [] : [{ kind: 'tasks', items: findings } as const])];
}

function evidence({ id, lastHash, runs: allRuns, restores, plans, links }: ReportData): readonly Block[] {
  const rows = [
    { cells: [[{ code: id }], 'journal of the incident', { code: lastHash }, ''] },
    ...allRuns.map((run) => ({
      cells: [{ code: run.id }, 'journal of a run', { code: run.lastHash }, { code: `runback runbook evidence ${run.id}` }],
    })),
    ...restores.map((one) => ({
      cells: [{ code: one.id }, 'journal of a restore', { code: one.lastHash }, { code: `runback restore show ${one.plan}` }],
    })),
    ...plans.map((one) => ({ cells: [{ code: one.id }, 'plan', { code: one.hash ?? '' }, { code: `runback restore show ${one.id}` }] })),
  ];
  const other = links.filter(({ kind }) => kind === 'snapshot' || kind === 'drill');
  return [
    {
      kind: 'paragraph',
      text: 'Each journal is a chain of hashes: the last one stands for every line before it. A journal that was changed, cut or reordered has a different one.',
    },
    { kind: 'table', caption: 'Records and their last hash', columns: ['Record', 'What it is', 'Last hash', 'Show it with'], rows },
    ...(other.length === 0
      ? []
      : [
          {
            kind: 'table',
            caption: 'Also linked',
            columns: ['Id', 'What it is', 'Since', 'By'],
            rows: other.map(({ id: linkedId, kind, at, by }) => ({ cells: [{ code: linkedId }, kind, { time: at }, by] })),
          } as const,
        ]),
  ];
}

function nothing(text: string): Block {
  return { kind: 'paragraph', text };
}
