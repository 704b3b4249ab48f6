import { describe, expect, test } from 'vitest';

import { createRandom } from '../../../src/sandbox/index.js';
import { seedOf } from '../../support/seeds.js';
import { fullSweeps, morePoints } from '../../support/sweeps.js';
import { ATTACKS } from './attacks.js';
import { attackedDescribed } from './described.js';
import { attackedHubSpot } from './hubspot.js';
import { attackedSalesforce } from './salesforce.js';
import { attacked } from './story.js';

const STORIES = fullSweeps ? 200 : morePoints ? 24 : 4;
const seed = seedOf();

// A user would lose a record that is made twice because two things went wrong at the same time.
describe.each([attackedHubSpot, attackedSalesforce, attackedDescribed])('$name: several attacks at once, drawn', (kind) => {
  test.each(Array.from({ length: STORIES }, (_, n) => seed + n))('seed %i', async (drawn) => {
    const random = createRandom(drawn);
    const all = [...ATTACKS, ...kind.own];
    const attacks = Array.from({ length: 2 + (drawn % 3) }, () => random.pick(all));
    try {
      expect(await attacked(kind, attacks)).toBeGreaterThanOrEqual(4);
    } catch (error) {
      throw new Error(`${attacks.map(({ what }) => what).join('; ')}: ${String(error)}`, { cause: error });
    }
  });
});
