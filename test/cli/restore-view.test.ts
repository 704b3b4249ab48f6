import { expect, test } from 'vitest';

import { restoreText } from '../../src/cli/views/restores/restore.js';
import { makeStyle } from '../../src/cli/views/text/style.js';

/** A user would lose: hours on ids that are as they were, which a screen called new. */

const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-30T18:00:00Z') });
const shown = (keyMap: Readonly<Record<string, Readonly<Record<string, string>>>>): string =>
  restoreText(
    {
      id: 'restore-1',
      plan: 'plan-1',
      platform: 'db',
      state: 'done',
      applied: 3,
      moved: 0,
      rejected: 0,
      failed: 0,
      inDoubt: 0,
      total: 3,
      keyMap,
      startedAt: '2026-11-30T17:59:00.000Z',
    } as Parameters<typeof restoreText>[0],
    style,
  );

test('of records that were created again it is told whether they have new ids or those they had', () => {
  expect(shown({ 'public.leads': { 7: '7', 8: '8' }, contacts: { 1: '101' } })).toMatch(
    /New ids +records created again: contacts 1\n *Same ids +records created again: public\.leads 2\n/u,
  );
  expect(shown({ 'public.leads': { 7: '7' } })).not.toContain('New ids');
  expect(shown({})).not.toContain('created again');
});
