import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = z.string().min(1);
const listSchema = z.array(
  z.strictObject({
    id: text,
    area: z.enum(['planning', 'attribution', 'reading', 'applying', 'undo', 'runbooks']),
    file: text,
    find: text,
    replace: z.string(),
    breaks: text,
    drills: z.array(text).min(1),
  }),
);
const list = listSchema.parse(parse(readFileSync(`${root}scripts/mutants/list.yml`, 'utf8')));
const page = readFileSync(`${root}docs/mutants.md`, 'utf8');

test('at least twenty deliberate bugs, each under a name of its own, in all that a rollback is made of', () => {
  expect(list.length).toBeGreaterThanOrEqual(20);
  expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  expect(new Set(list.map(({ area }) => area))).toEqual(new Set(['planning', 'attribution', 'reading', 'applying', 'undo', 'runbooks']));
});

test.each(list)(
  '$id is found where the list says, once, and its drills and its line in the docs are there',
  ({ id, file, find, replace, breaks, drills }) => {
    expect(readFileSync(`${root}${file}`, 'utf8').split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    for (const drill of drills) expect(existsSync(`${root}drills/${drill}.yml`), drill).toBe(true);
    const row = page.split('\n').find((line) => line.startsWith(`| \`${id}\` |`));
    expect(row).toContain(breaks);
    expect(drills.some((drill) => row?.includes(`\`${drill}\``))).toBe(true);
  },
);

test('the docs name no bug that is not in the list', () => {
  const [, table = ''] = page.split(/<!-- \/?drills:mutants -->/u);
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(list.length);
});
