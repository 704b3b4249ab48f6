import { describe, expect, test } from 'vitest';

import { ATTACKS } from './attacks.js';
import { attackedDescribed } from './described.js';
import { attackedHubSpot } from './hubspot.js';
import { attackedSalesforce } from './salesforce.js';
import { attacked } from './story.js';

// A user would lose a record that is made twice, a value that is written over, or a restore that no command brings to its end.

describe.each([attackedHubSpot, attackedSalesforce, attackedDescribed])('$name: a restore and its undo under attack', (kind) => {
  test.each([...ATTACKS, ...kind.own])('$what', async (attack) => {
    expect(await attacked(kind, [attack])).toBeGreaterThanOrEqual(4);
  });
});
