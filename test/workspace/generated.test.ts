import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('editors and readers are told what the code does: schemas and the error table are not stale', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/write-generated.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('the published schema of runback.yml explains every key of a platform', async () => {
  const schema = JSON.parse(await readFile(`${root}/schemas/workspace.schema.json`, 'utf8')) as {
    properties: { platforms: { additionalProperties: { additionalProperties: boolean; properties: Record<string, { description?: string }> } } };
  };
  const platform = schema.properties.platforms.additionalProperties;
  expect(platform.additionalProperties).toBe(false);
  const unexplained = Object.entries(platform.properties).filter(([, property]) => property.description === undefined);
  expect(unexplained).toEqual([]);
});
