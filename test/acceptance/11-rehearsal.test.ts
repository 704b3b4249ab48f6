import { expect, test } from 'vitest';

import { jsonLines, runback } from '../cli/support/child.js';
import { openWorkspace } from '../cli/support/workspace.js';
import { told } from './support.js';

/**
 * "Rehearsal predicts calls within 2 % and time within 15 % of the real apply on a second sandbox with another latency,
 * limit and quota": by the clock on the wall, through real processes. `test/stages/foretold` shows the same to the
 * millisecond, by a clock that a busy machine does not move.
 */
test.each([
  { ms: 150, per10s: 1000 },
  { ms: 60, per10s: 25 },
])('the real apply takes what the rehearsal said: $ms ms a call, $per10s calls in 10 s', async ({ ms, per10s }) => {
  const workspace = await openWorkspace(2600);
  try {
    const { dir, sandbox } = workspace;
    const json = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
      const { stdout, code } = await runback([...args, '--json'], { cwd: dir });
      expect(code, stdout).toBe(0);
      return (jsonLines(stdout).at(-1) as { readonly data: Readonly<Record<string, unknown>> }).data;
    };
    await workspace.base();
    const sync = sandbox.writeAs({ kind: 'integration', id: '4471120' });
    for (const id of workspace.contacts.slice(0, 2500)) sync.update('contacts', id, { jobtitle: 'Intern' });
    const plan = await json('restore', 'plan', '--platform', 'hubspot', '--base', 'latest', '--unattributed', 'include');
    const id = String(plan['id']);
    const { records } = plan['counts'] as { readonly records: number };
    sandbox.setLimits({ per10s, perDay: 2000 });
    sandbox.faults.add({ kind: 'delay', ms, times: null });
    const { apply } = (await json('restore', 'rehearse', id)) as { readonly apply: { readonly calls: number; readonly ms: number } };
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    sandbox.resetCounts();
    const seen = { first: 0, last: 0 };
    sandbox.onRequest(() => {
      seen.first ||= performance.now();
    });
    sandbox.onApplied(() => {
      seen.last = performance.now() + ms;
    });
    await json('restore', 'apply', id, '--confirm', `sandbox:${String(records)}`);
    const took = seen.last - seen.first;
    const { requests, limited } = sandbox.counts();
    told(
      `rehearsal, ${String(ms)} ms a call, ${String(per10s)} calls in 10 s`,
      `foretold ${String(apply.calls)} calls, ${(apply.ms / 1000).toFixed(1)} s; was ${String(requests)}, ${(took / 1000).toFixed(1)} s`,
    );
    expect(limited).toBe(0);
    expect(Math.abs(apply.calls - requests) / requests).toBeLessThanOrEqual(0.02);
    expect(Math.abs(apply.ms - took) / took).toBeLessThanOrEqual(0.15);
  } finally {
    await workspace.close();
  }
});
