import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';
import type { z } from 'zod';

import { FAULTS } from '../../../src/drills/faults/registry.js';

const ROW = /^\| `([a-z-]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gmu;

it('docs/faults.md has a row for every fault with exactly its parameters', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/faults.md'), 'utf8');
  const rows = [...page.matchAll(ROW)].map(([, kind, cell = '']) => [kind, [...cell.matchAll(/`([a-z]+)`/gu)].map(([, name]) => name).sort()]);
  const there = FAULTS.map(({ kind, parameters }) => [kind, Object.keys((parameters as unknown as z.ZodObject).shape).sort()]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(there));
  expect(rows).toHaveLength(there.length);
});
