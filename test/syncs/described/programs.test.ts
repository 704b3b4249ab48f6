import { describe, expect, it } from 'vitest';

import type { SyncController } from '../../../src/syncs/controller.js';
import { openController } from '../../../src/syncs/registry.js';
import { controllerContract } from '../../contracts/controller.js';
import { startMachine, type Machine, type MachineState } from '../stubs/machine.js';
import { depsOf } from '../stubs/workspace.js';

const LINE = '5 * * * * /opt/load/run.sh --to "crm" $HOME # load';
const CRONTAB = `# m h dom mon dow\n0 1 * * * /usr/bin/true\n${LINE}\n5 * * * * /opt/load/run.sh\n`;
const CRON = { line: LINE, process: '/opt/load/run.sh' };
const SYSTEMD = { timer: 'load.timer', service: 'load.service' };

const open = async (machine: Machine, kind: string, options: Readonly<Record<string, string>>): Promise<SyncController> =>
  await openController(kind, { ...depsOf('load', options), environment: machine.environment });

const cases: readonly [string, Readonly<Record<string, string>>, (state: MachineState) => boolean][] = [
  ['cron', CRON, ({ crontab }) => crontab?.split('\n').includes(LINE) !== true],
  ['systemd', SYSTEMD, ({ timer }) => timer === 'inactive'],
];

for (const [kind, options, paused] of cases)
  controllerContract(
    kind,
    async () => {
      const machine = await startMachine({ crontab: CRONTAB });
      return {
        controller: await open(machine, kind, options),
        truth: async () => ({ paused: paused(await machine.state()) }),
        setInFlight: async (working) => await machine.set({ working }),
        close: machine.close,
      };
    },
    kind === 'systemd' ? 1 : 3,
  );

async function using(
  first: Partial<MachineState>,
  kind: string,
  options: Readonly<Record<string, string>>,
  body: (controller: SyncController, machine: Machine) => Promise<void>,
) {
  const machine = await startMachine(first);
  try {
    await body(await open(machine, kind, options), machine);
  } finally {
    await machine.close();
  }
}

// A user would lose: the crontab of the machine.
describe('cron', () => {
  it('comments out exactly its line, and gives the table back byte for byte', async () => {
    await using({ crontab: CRONTAB }, 'cron', CRON, async (controller, machine) => {
      await controller.pause();
      expect((await machine.state()).crontab).toBe(CRONTAB.replace(LINE, `#runback paused: ${LINE}`));
      await controller.resume();
      expect((await machine.state()).crontab).toBe(CRONTAB);
    });
  });

  it.each([
    ['no crontab at all', null],
    ['a crontab without it', '0 1 * * * /usr/bin/true\n'],
    ['one where it is commented out by hand', `# ${LINE}\n`],
  ])('%s is no state: nothing is written', async (_, crontab) => {
    await using({ crontab }, 'cron', CRON, async (controller, machine) => {
      await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed' });
      await expect(controller.pause()).rejects.toMatchObject({ code: 'sync-failed' });
      await expect(controller.resume()).rejects.toMatchObject({ code: 'sync-failed' });
      expect((await machine.state()).log.filter(([program, word]) => program === 'crontab' && word === '-')).toEqual([]);
    });
  });

  it('a machine without pgrep does not count as one with nothing in flight', async () => {
    const machine = await startMachine({ crontab: CRONTAB });
    const controller = await openController('cron', { ...depsOf('load', { ...CRON, process: 'other' }), environment: machine.environment });
    await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed' });
    await machine.close();
  });
});

describe('systemd', () => {
  it('a timer that does not exist is no paused one', async () => {
    await using({}, 'systemd', { ...SYSTEMD, timer: 'other.timer' }, async (controller) => {
      await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('unknown timer') as string });
    });
  });

  it('a Persistent timer is told before it is resumed, and a timer of a user is asked as that', async () => {
    await using({ persistent: 'yes' }, 'systemd', { ...SYSTEMD, scope: '--user' }, async (controller, machine) => {
      expect((await controller.status()).warnings.join()).toContain('runs at once');
      await controller.pause();
      expect((await machine.state()).log.at(-1)).toEqual(['systemctl', '--user', 'stop', 'load.timer']);
    });
  });

  it('what it started is ended only by cancel', async () => {
    await using({ working: 1 }, 'systemd', SYSTEMD, async (controller, machine) => {
      await controller.pause();
      expect(await controller.status()).toMatchObject({ state: 'draining', inFlight: 1 });
      await controller.cancel?.();
      expect((await machine.state()).working).toBe(0);
      expect((await controller.status()).state).toBe('paused');
    });
  });
});
