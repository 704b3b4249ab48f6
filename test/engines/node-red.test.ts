import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openController } from '../../src/syncs/registry.js';
import { controllerContract } from '../contracts/controller.js';
import { depsOf } from '../syncs/stubs/workspace.js';
import { NODE_RED, type NodeRed, startNodeRed } from './node-red.js';

/** Controllers told about by a file, on a Node-RED that nobody here wrote. */

const WHY = 'RUNBACK_TEST_NODE_RED names no folder with Node-RED in it: npm run test:engines -- node-red';

let red: NodeRed;
beforeAll(async () => {
  if (NODE_RED !== undefined) red = await startNodeRed(NODE_RED);
});
afterAll(async () => {
  if (NODE_RED !== undefined) await red.stop();
});

const KINDS = [
  ['node-red', {}],
  ['node-red-flow', { id: 'leads' }],
] as const;
const open = async (kind: string, settings: object, token = red.token, url = red.url) =>
  await openController(kind, depsOf('leads', { ...settings, url }, { token }));

/** Twenty times as long as there is between two writes. */
const QUIET_LOOKS = 20;
/** One that is not quiet by then writes on. */
const MOST_LOOKS = 300;

/**
 * Whether it writes: told by what arrives. What it says tells only what to wait for: on a busy machine a flow that runs may write nothing
 * for a while, and a write that is on its way arrives late.
 */
const writes = async (): Promise<boolean> => {
  if (await red.saysRunning()) {
    const before = red.writes.leads;
    await expect.poll(() => red.writes.leads).toBeGreaterThan(before);
    return true;
  }
  let seen = red.writes.leads;
  for (let [quiet, looks] = [0, 0]; quiet < QUIET_LOOKS; looks += 1) {
    if (looks === MOST_LOOKS) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
    quiet = red.writes.leads === seen ? quiet + 1 : 0;
    seen = red.writes.leads;
  }
  return false;
};

describe.runIf(NODE_RED !== undefined)('Node-RED', () => {
  for (const [kind, settings] of KINDS)
    controllerContract(
      `${kind} on Node-RED`,
      async () => ({
        controller: await open(kind, settings),
        truth: async () => ({ paused: !(await writes()) }),
        setInFlight: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
      0,
    );

  it('one flow stops, the other writes on; and all flows are as they were after', async () => {
    const before = await red.flows();
    const controller = await open('node-red-flow', { id: 'leads' });
    await controller.pause();
    expect(await writes()).toBe(false);
    const others = red.writes.others;
    await expect.poll(() => red.writes.others).toBeGreaterThan(others);
    await controller.resume();
    expect(await red.flows()).toEqual(before);
  });

  it('a token that is refused, a flow that is not there', async () => {
    await expect((await open('node-red', {}, 'canary-wrong')).status()).rejects.toMatchObject({ code: 'auth-refused' });
    await expect((await open('node-red-flow', { id: 'unknown' })).status()).rejects.toMatchObject({
      code: 'sync-failed',
      message: expect.stringContaining('does not know it') as string,
    });
  });

  it('without runtimeState in its settings, all flows cannot be stopped: that is told, and nothing counts as paused', async () => {
    const other = await startNodeRed(NODE_RED ?? '', false);
    try {
      const controller = await open('node-red', {}, other.token, other.url);
      expect((await controller.status()).state).toBe('running');
      await expect(controller.pause()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('runtimeState') as string });
      expect((await controller.status()).state).toBe('running');
    } finally {
      await other.stop();
    }
  });
});

it('Node-RED runs in test:engines', ({ skip }) => {
  if (NODE_RED === undefined) return skip(WHY);
  expect(red.token).not.toBe('');
});
