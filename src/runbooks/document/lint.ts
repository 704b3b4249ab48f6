import { ACTS } from '../../escalation/index.js';
import { didYouMean, mayCarrySecrets } from '../../lib/index.js';
import { referencesIn } from '../actions/references.js';
import type { Runbook, Step } from './runbook.js';

/** Something about a runbook that a check of its form does not see. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Permanent name of the rule. */
  readonly rule: string;
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

interface Raw {
  readonly severity: Finding['severity'];
  readonly rule: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Rule = (runbook: Runbook) => Iterable<Raw>;

/**
 * Looks for what would go wrong in an incident. The runbook is loaded already: names and types are right. In order of
 * the file.
 */
export function lintRunbook(runbook: Runbook): Finding[] {
  const rules: readonly Rule[] = [
    unreachable,
    fromLater,
    fromLeftOut,
    undoMissing,
    approvalMissing,
    authorityUnknown,
    resumeUnverified,
    writersRunning,
    inputsUnused,
    waitsForNothing,
    repeatsDanger,
    loopsAlone,
    referencesBuilt,
    secretsInClear,
  ];
  const findings = rules
    .flatMap((rule) => [...rule(runbook)])
    .map(({ path, ...raw }): Finding => ({ ...raw, file: runbook.file, ...runbook.at(path) }));
  return findings.sort((a, b) => a.line - b.line || a.column - b.column);
}

const stepPath = (step: Step, ...more: (string | number)[]): (string | number)[] => ['steps', step.index, ...more];
const isAction = (step: Step, ...names: string[]): boolean => step.document.action !== undefined && names.includes(step.document.action);

/** Steps a run can go to from one step. */
function following(runbook: Runbook, step: Step): number[] {
  const next: number[] = [];
  const { decide, on_failure: onFailure, when } = step.document;
  if (decide === undefined || when !== undefined) next.push(step.index + 1);
  for (const effect of Object.values(decide ?? {})) {
    if (effect === 'continue') next.push(step.index + 1);
    if (typeof effect === 'object') next.push(runbook.step(effect.go_to).index);
  }
  if (typeof onFailure === 'object') next.push(runbook.step(onFailure.go_to).index);
  return next;
}

function* unreachable(runbook: Runbook): Iterable<Raw> {
  const reached = new Set<number>([0]);
  const queue = [0];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const step = runbook.steps[at];
    if (!step) continue;
    for (const next of following(runbook, step))
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
  }
  for (const step of runbook.steps)
    if (!reached.has(step.index))
      yield { severity: 'error', rule: 'unreachable', path: stepPath(step), message: `no run can reach step "${step.id}"` };
}

/** What each part of a step reads, with the place of the part. */
function* reads(step: Step): Iterable<{ readonly path: (string | number)[]; readonly references: readonly string[]; readonly own: boolean }> {
  const parts: readonly (readonly [readonly string[], { readonly references: readonly string[] } | undefined, boolean])[] = [
    [['when'], step.when, false],
    [[step.document.with === undefined ? step.kind : 'with'], step.values, false],
    [['approve', 'of'], step.of, false],
    [['instructions'], step.instructions, false],
    [['wait', 'until'], step.until, false],
    [['verify'], step.verify, true],
    [['undo'], step.undo?.values, true],
  ];
  for (const [path, part, own] of parts) if (part) yield { path: stepPath(step, ...path), references: part.references, own };
}

function* fromLater(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps)
    for (const { path, references, own } of reads(step))
      for (const reference of references) {
        const [root, id = ''] = reference.split('.');
        if (root !== 'steps') continue;
        const other = runbook.steps.find((one) => one.id === id);
        if (!other || other.index < step.index || (own && other.index === step.index)) continue;
        const why = other.index === step.index ? 'is this step itself' : 'comes later';
        yield { severity: 'error', rule: 'from-later', path, message: `"${reference}" has no value here: step "${id}" ${why}` };
      }
}

/**
 * Reads of a step that may have been left out by its own `when`, by one that does not ask for the same: they have no
 * value on the day.
 */
function* fromLeftOut(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps)
    for (const { path, references, own } of reads(step)) {
      if (path.at(-1) === 'instructions') continue;
      const part = path.at(-1) === 'when' ? step.when : path.at(-1) === 'until' ? step.until : path.at(-1) === 'verify' ? step.verify : undefined;
      for (const reference of references) {
        const [root, id = '', output] = reference.split('.');
        const other = root === 'steps' ? runbook.steps.find((one) => one.id === id) : undefined;
        if (!other || output === 'state' || other.when === undefined || other.index >= step.index || (own && other.id === step.id)) continue;
        const guards = [step.when, part].filter((guard) => guard !== undefined);
        const asksState = guards.some((guard) => guard.references.includes(`steps.${id}.state`));
        if (asksState || conjuncts(other.when.source).every((needed) => guards.some((guard) => conjuncts(guard.source).includes(needed)))) continue;
        yield {
          severity: 'error',
          rule: 'from-left-out',
          path,
          message: `"${reference}" has no value where step "${id}" is left out (${other.when.source}): check the same condition first, or steps.${id}.state == "succeeded"`,
        };
      }
    }
}

/** The parts of a condition that all have to hold, as written. */
function conjuncts(source: string): string[] {
  return source.split('&&').map((part) => part.trim().replaceAll(/\s+/gu, ' '));
}

function* undoMissing(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    const effect = step.action?.effect;
    if (step.undo !== undefined || step.action?.undo !== undefined || (effect !== 'irreversible' && effect !== 'opaque')) continue;
    const words = effect === 'irreversible' ? 'cannot be undone' : 'does something that runback knows nothing about (effect: opaque)';
    yield {
      severity: effect === 'irreversible' ? 'error' : 'warning',
      rule: 'undo-missing',
      path: stepPath(step),
      message: `step "${step.id}" ${words} and has no "undo": say how, with undo.manual, or why not, with undo.none`,
    };
  }
}

function* approvalMissing(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    if (!isAction(step, 'restore.apply')) continue;
    const approved = runbook.steps.some((one) => one.index < step.index && one.kind === 'approve');
    if (!approved)
      yield {
        severity: 'warning',
        rule: 'approval-missing',
        path: stepPath(step),
        message: `no step approves what "${step.id}" writes: a restore above the limits will be refused. Put an "approve" step before it`,
      };
    if (runbook.document.limits === undefined)
      yield { severity: 'warning', rule: 'limits-missing', path: stepPath(step), message: `"${step.id}" writes, and the runbook has no "limits"` };
  }
}

function* authorityUnknown(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    const authority = step.document.approve?.authority;
    if (authority === undefined || ACTS.some((act) => act === authority)) continue;
    yield {
      severity: 'error',
      rule: 'authority-unknown',
      path: stepPath(step, 'approve', 'authority'),
      message: `no role can be given the authority "${authority}"${didYouMean(authority, ACTS)}. There are: ${ACTS.join(', ')}`,
    };
  }
}

function* resumeUnverified(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    if (!isAction(step, 'syncs.resume')) continue;
    const lastWrite = runbook.steps.findLast((one) => one.index < step.index && isAction(one, 'restore.apply', 'restore.undo'));
    const verified = runbook.steps.some((one) => one.index < step.index && one.index > (lastWrite?.index ?? -1) && isAction(one, 'restore.verify'));
    if (!verified)
      yield {
        severity: 'error',
        rule: 'resume-unverified',
        path: stepPath(step),
        message: `"${step.id}" resumes syncs before anything is verified: put restore.verify before it`,
      };
  }
}

function* writersRunning(runbook: Runbook): Iterable<Raw> {
  const pause = runbook.steps.find((step) => isAction(step, 'syncs.pause'));
  const apply = runbook.steps.find((step) => isAction(step, 'restore.apply'));
  if (apply && (!pause || pause.index > apply.index))
    yield {
      severity: 'warning',
      rule: 'writers-running',
      path: stepPath(apply),
      message: `"${apply.id}" writes while syncs may still be running: put syncs.pause before it`,
    };
  if (pause && !runbook.steps.some((step) => step.index > pause.index && isAction(step, 'syncs.resume')))
    yield { severity: 'warning', rule: 'never-resumed', path: stepPath(pause), message: `what "${pause.id}" pauses is never resumed` };
}

function* inputsUnused(runbook: Runbook): Iterable<Raw> {
  const used = new Set(
    runbook.steps
      .flatMap((step) => [...reads(step)].flatMap((read) => read.references))
      .map((reference) => reference.split('.').slice(0, 2).join('.')),
  );
  for (const name of Object.keys(runbook.document.inputs ?? {}))
    if (!used.has(`inputs.${name}`) && !used.has('inputs'))
      yield { severity: 'warning', rule: 'input-unused', path: ['inputs', name], message: `the input "${name}" is asked for and never used` };
}

function* waitsForNothing(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    if (!step.until) continue;
    const changes = step.until.references.some((reference) => {
      const [root, id = ''] = reference.split('.');
      return (
        root === 'waited' ||
        (root === 'steps' && runbook.steps.some((one) => one.id === id && one.index < step.index && one.action?.effect === 'read'))
      );
    });
    if (!changes)
      yield {
        severity: 'error',
        rule: 'waits-for-nothing',
        path: stepPath(step, 'wait', 'until'),
        message: `nothing that "${step.id}" waits for can change: name an output of a step that reads (syncs.status, diff …), or "waited" (seconds)`,
      };
    else if (step.timeoutMs === undefined)
      yield {
        severity: 'warning',
        rule: 'waits-for-ever',
        path: stepPath(step, 'wait'),
        message: `"${step.id}" may wait forever: give it a timeout`,
      };
  }
}

function* repeatsDanger(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    const effect = step.action?.effect;
    if (step.document.retry !== undefined && (effect === 'opaque' || effect === 'irreversible'))
      yield {
        severity: 'warning',
        rule: 'repeats-danger',
        path: stepPath(step, 'retry'),
        message: `"${step.id}" may be done twice: its effect is ${effect}, and it is retried`,
      };
  }
}

function* loopsAlone(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps) {
    const { on_failure: onFailure } = step.document;
    if (typeof onFailure !== 'object') continue;
    const target = runbook.step(onFailure.go_to);
    if (target.index > step.index) continue;
    const asked = runbook.steps
      .slice(target.index, step.index + 1)
      .some((one) => one.kind === 'decide' || one.kind === 'manual' || one.kind === 'approve');
    if (!asked)
      yield {
        severity: 'warning',
        rule: 'loops-alone',
        path: stepPath(step, 'on_failure'),
        message: `"${step.id}" goes back to "${target.id}" again and again, and no person is asked in between`,
      };
  }
}

/** Where the secrets of a step or its undo are named, and the place of each. */
function* secretPlaces(step: Step): Iterable<{ readonly path: (string | number)[]; readonly text: string }> {
  const { document } = step;
  for (const [part, at] of [
    [document, []],
    [document.undo ?? {}, ['undo']],
  ] as const) {
    for (const [name, text] of Object.entries(part.env ?? {})) yield { path: stepPath(step, ...at, 'env', name), text };
    for (const [name, text] of Object.entries(part.http?.headers ?? {})) yield { path: stepPath(step, ...at, 'http', 'headers', name), text };
  }
}

function* referencesBuilt(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps)
    for (const { path, text } of secretPlaces(step))
      if (/^(env|file|command|keychain):/.test(text) && text.includes('${{'))
        yield {
          severity: 'error',
          rule: 'reference-built',
          path,
          message: 'a reference to a secret is written out, without an expression in it; this one is passed on as text',
        };
}

function* secretsInClear(runbook: Runbook): Iterable<Raw> {
  for (const step of runbook.steps)
    for (const [http, at] of [
      [step.document.http, ['http', 'url']],
      [step.document.undo?.http, ['undo', 'http', 'url']],
    ] as const) {
      if (http === undefined || referencesIn(http.headers).size === 0 || http.url.includes('${{') || !URL.canParse(http.url)) continue;
      if (!mayCarrySecrets(new URL(http.url)))
        yield {
          severity: 'error',
          rule: 'secret-in-clear',
          path: stepPath(step, ...at),
          message: `a secret would go to ${new URL(http.url).host} without encryption, and is refused: use https`,
        };
    }
}
