import { describe, expect, test } from 'vitest';

import type { AutomationStep, Trigger } from '../../../src/sandbox/index.js';
import { attackedHubSpot } from './hubspot.js';
import type { Attack, AttackedPlatform } from './platform.js';
import { attackedSalesforce } from './salesforce.js';
import { attacked, type Told } from './story.js';

// A user would get a record twice because a flow changed the first one, or a restore that no command brings to its end because a flow
// makes another value of each.

/** Something that the account does by itself when the text of a record changes. */
function flow({ object, text }: AttackedPlatform, becomes: string | undefined, values: (AutomationStep & { readonly do: 'set' })['values']): Attack {
  const when: Trigger = { on: 'change', field: text, ...(becomes === undefined ? {} : { becomes }) };
  return {
    what: 'a flow',
    arm: ({ sandbox }) => sandbox.automate({ id: 'flow', name: 'Flow', object, enabled: true, repeats: true, when, does: [{ do: 'set', values }] }),
  };
}

type Records = Told['good'];

/** The records of these names with another text or other field. */
function changed(records: Records, names: readonly string[], change: readonly [text?: unknown, other?: unknown]): Records {
  const entries = names.map((name) => [name, (records[name] ?? []).map((value, n) => change[n as 0 | 1] ?? value)] as const);
  return { ...records, ...Object.fromEntries(entries) };
}

const numbered = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, n) => `c-${from + n}`);

describe.each([attackedHubSpot, attackedSalesforce])('$name: a flow that answers to the writes of a restore', (kind) => {
  test('and makes a form of its own of a value: it is taken for what the platform made of it, and put back by the undo', async () => {
    const attack = flow(kind, 'good 3', { [kind.text]: 'GOOD 3' });
    expect(await attacked(kind, [attack], ({ good, damaged }) => ({ good: changed(good, ['c-3'], ['GOOD 3']), damaged }))).toBeGreaterThanOrEqual(4);
  });

  test('and changes another field: nothing is created twice, and what of the plan is not so is counted', async () => {
    const attack = flow(kind, undefined, { [kind.other]: 'by the flow' });
    // Where a flow writes as itself, the history tells it apart, and what the plan says is written after it.
    const hit = kind.flowsAreOthers ? numbered(0, 6) : [...numbered(0, 8), ...numbered(20, 23), 'good 23'];
    expect(
      await attacked(kind, [attack], ({ good, damaged }) => ({
        good: changed(good, hit, [undefined, 'by the flow']),
        damaged,
        remaining: kind.flowsAreOthers ? 0 : 6,
      })),
    ).toBeGreaterThanOrEqual(4);
  });
});
