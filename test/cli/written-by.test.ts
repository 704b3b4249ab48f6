import { expect, test } from 'vitest';

import { whoWrote, writtenBy } from '../../src/cli/flows/investigations/written-by.js';
import { lived } from '../investigations/support/lived.js';

/** A user would lose: the real culprit, since a screen gave someone writes that nobody knows of, or a command that is refused. */

test('who wrote a record last is not told as who wrote each of its fields', async () => {
  for (const history of ['record', 'none'] as const) {
    const world = await lived(history);
    try {
      expect(await writtenBy(world.deps.platform, { since: new Date(0) }, {})).toBeUndefined();
    } finally {
      await world.close();
    }
  }
});

test('a writer whose name has a blank in it is named so that a shell takes it as one', async () => {
  const world = await lived();
  try {
    const since = new Date(world.clock.now().getTime() + 1);
    world.clock.move(1000);
    for (let n = 0; n < 9; n += 1) world.connector.put('contacts', String(1001 + n), { phone: `9${n}` }, 'ann/My App');
    const { next } = await whoWrote(world.deps.platform, { since }, {});
    expect(next).toBe("Add the one that did the damage: --suspect 'ann/My App'");
  } finally {
    await world.close();
  }
});
