import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { describeSweep, sweep } from '../../support/crash.js';
import { everyNth, fullSweeps, thinned, withoutFlushes } from '../../support/sweeps.js';
import { jsonLines, program, runback } from '../support/child.js';
import { MONITOR_JSON } from '../support/monitor-schemas.js';
import { openMonitorWorld } from '../support/monitor-world.js';

const WATCHING = `monitors:
  people: { count: crm/contacts created }
  alive: { heartbeat: feed, within: 2h }
`;

it(
  'a daemon that was killed with -9 at a write leaves screens that tell what is so, and the next run one incident',
  { timeout: 900_000 },
  async () => {
    const world = await openMonitorWorld(WATCHING);
    await world.past({ monitor: 'people', of: 'crm/contacts created' }, 10, 4);
    await world.ran();
    const staged = `${world.dir}-staged`;
    await cp(world.dir, staged, { recursive: true });
    const dirOf = ({ n, when }: { readonly n: number; readonly when: string }): string => `${world.dir}-${String(n)}-${when}`;
    const json = async (dir: string, ...args: readonly string[]) => {
      const { code, stdout } = await runback([...args, '--json', '--no-input'], { cwd: dir, env: world.env() });
      return { code, data: jsonLines(stdout).at(-1)?.['data'] };
    };
    const report = await sweep({
      moments: fullSweeps ? ['before', 'half', 'after'] : ['after'],
      pick: everyNth(fullSweeps ? 1 : 6, (all) => thinned(1)(withoutFlushes(all))),
      before: async (point) => {
        const dir = dirOf(point);
        await cp(staged, dir, { recursive: true });
        return { args: [program, 'daemon', '--once', '--no-input'], cwd: dir, env: world.env(), which: ['fs'], within: [join(dir, '.runback')] };
      },
      after: async (point) => {
        const dir = dirOf(point);
        const left = await json(dir, 'monitor', 'status');
        expect(MONITOR_JSON.status.safeParse(left.data).error).toBeUndefined();
        expect([0, 2]).toContain(left.code);
        const next = await json(dir, 'monitor', 'run', '--all');
        expect(next.code).toBe(2);
        const view = MONITOR_JSON.run.parse(next.data);
        expect(view.flows.map(({ state }) => state)).toEqual(['wrong', 'well']);
        const listed = (await json(dir, 'incident', 'list', '--all')).data as { readonly incidents: readonly { readonly id: string }[] };
        expect(listed.incidents).toHaveLength(1);
        expect(Object.values(view.incidents).map(({ incident }) => incident)).toEqual(listed.incidents.map(({ id }) => id));
        await rm(dir, { recursive: true, force: true });
      },
    });
    await rm(staged, { recursive: true, force: true });
    await rm(dirOf({ n: 0, when: 'before' }), { recursive: true, force: true });
    console.log(describeSweep('daemon --once with monitors', report));
    expect(report.points).toBeGreaterThan(3);
  },
);
