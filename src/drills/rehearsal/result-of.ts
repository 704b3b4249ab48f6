import { basename } from 'node:path';

import { defined } from '../../lib/index.js';
import { loadRunbook, type Runbook } from '../../runbooks/index.js';
import type { Stage } from '../../stages/index.js';
import type { Drill } from '../document/load.js';
import type { DrillResult, Moment } from '../result.js';
import type { CheckName } from '../verdict/checks.js';
import type { Facts } from '../verdict/facts.js';
import { scoreOf } from '../verdict/score.js';
import type { Disturbed } from './disturb.js';
import type { TruthBook } from './truth-book.js';

const MOST_SAMPLES = 12;

/** A drill that was played to its end. */
export interface Played {
  /** Of the result. */
  readonly id: string;
  readonly drill: Drill;
  /** The one that was used. */
  readonly runbook: Runbook;
  readonly stage: Stage;
  readonly book: TruthBook;
  readonly facts: Facts;
  readonly timeline: readonly Moment[];
  readonly disturbed: readonly Disturbed[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What it proved. */
export function resultOf({ id, drill, runbook, stage, book, facts, timeline, disturbed, startedAt }: Played): DrillResult {
  const { judged, report, struckAt, endedAt } = facts;
  const checks = scoreOf(facts, drill.document.expect);
  const mustFail = drill.document.must_fail;
  const failed = new Set(checks.filter(({ passed }) => !passed).map(({ name }) => name));
  return {
    version: 1,
    id,
    drill: drill.id,
    title: drill.title,
    digest: drill.digest,
    runbook: { id: runbook.id, title: runbook.title, digest: runbook.digest },
    stage: { label: stage.label, platform: stage.platform, environment: stage.environment },
    faults: drill.faults.map(({ fault }) => fault.kind),
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    passed: mustFail === undefined ? failed.size === 0 : report.run !== undefined && failsAsItMust(failed, mustFail),
    checks,
    recoveryMs: endedAt - struckAt,
    run: { id: report.run, state: report.state, kills: report.kills, resumes: report.resumes, ...defined({ because: report.because }) },
    disturbed,
    timeline,
    examples: stage.invented ? judged.score.examples : judged.score.examples.map((example) => example.slice(0, example.indexOf(': is '))),
    // What is no invented data is kept in no report.
    samples: stage.invented ? book.samples(judged.actual, MOST_SAMPLES) : [],
    differs: stage.differs,
    ...defined({ mustFail, requests: stage.local?.counts().requests, byHand: 'steps' in report ? report.steps : undefined }),
  };
}

/** That of the drill, or the one that a person chose instead. */
export async function usedRunbook(own: Runbook, report: Facts['report'], choice: readonly string[] | undefined): Promise<Runbook> {
  const chosen = 'runbook' in report && report.runbook !== own.id ? report.runbook : undefined;
  const path = chosen && choice?.find((one) => basename(one).replace(/\.ya?ml$/u, '') === chosen);
  return path === undefined ? own : await loadRunbook(path);
}

/** For its reason and no other: a failure that was not staged, or a run that never came to its end, shows nothing of it. */
function failsAsItMust(failed: ReadonlySet<CheckName>, mustFail: readonly CheckName[]): boolean {
  const staged = (['took_effect', 'ended'] as const).every((name) => mustFail.includes(name) || !failed.has(name));
  return staged && mustFail.every((name) => failed.has(name));
}
