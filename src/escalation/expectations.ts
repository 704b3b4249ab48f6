import { defined, DURATION_PATTERN, parseDuration, RunbackError } from '../lib/index.js';
import type { SimulatedStep } from './simulate.js';
import type { Escalation } from './types.js';

/** A message that ought to be sent: after how long, to whom, by what. */
export interface Expectation {
  readonly afterMs: number;
  /** Id of a person, or name of a channel. */
  readonly who: string;
  /** `email`, `sms`, `voice`, `channel`, or the type of the channel; undefined: any. */
  readonly by?: string;
}

/** Reads `5m lee email`. Throws `usage`. */
export function parseExpectation(line: string): Expectation {
  const [after = '', who, by, ...rest] = line.trim().split(/\s+/);
  if (who === undefined || rest.length > 0 || !DURATION_PATTERN.test(after))
    throw new RunbackError('usage', `"${line}" is not an expected message`, {
      why: 'Expected a delay, who, and how: "5m lee email", "0s ops-slack channel".',
    });
  return { afterMs: parseDuration(after), who, ...defined({ by }) };
}

/**
 * What a simulation does not do as expected, in order of time. Every message up to the last expected time counts: one
 * that is missing, and one that nobody expected.
 */
export function differencesFrom(
  file: Escalation,
  steps: readonly SimulatedStep[],
  expected: readonly Expectation[],
): readonly { readonly kind: 'missing' | 'unexpected'; readonly message: string }[] {
  const last = Math.max(0, ...expected.map(({ afterMs }) => afterMs));
  const left = [...expected];
  const found: { afterMs: number; kind: 'missing' | 'unexpected'; message: string }[] = [];
  for (const step of steps) {
    if (step.kind === 'held' || step.afterMs > last) continue;
    for (const { person, channel, by } of step.messages) {
      const who = person ?? channel ?? '';
      const names = [by, channel === undefined ? undefined : file.channels[channel]?.type];
      const index = left.findIndex((one) => one.afterMs === step.afterMs && one.who === who && (one.by === undefined || names.includes(one.by)));
      if (index === -1) found.push({ afterMs: step.afterMs, kind: 'unexpected', message: showExpectation({ afterMs: step.afterMs, who, by }) });
      else left.splice(index, 1);
    }
  }
  for (const one of left) found.push({ afterMs: one.afterMs, kind: 'missing', message: showExpectation(one) });
  return found.sort((a, b) => a.afterMs - b.afterMs).map(({ kind, message }) => ({ kind, message }));
}

function showExpectation({ afterMs, who, by }: Expectation): string {
  return [showDelay(afterMs), who, ...(by === undefined ? [] : [by])].join(' ');
}

/** A duration with all its units, so that {@link parseExpectation} reads the same again: `2d4h2m`, `0m`. */
export function showDelay(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  let left = ms;
  let text = '';
  for (const [unit, size] of units) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text === '' ? '0m' : text;
}
