import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

import { main } from '../cli/support/child.js';

test('a bundle of the program takes no native binary along: those that come with archiver are never loaded', { timeout: 120_000 }, async () => {
  const bundle = await rolldown({ input: main, platform: 'node', logLevel: 'silent' });
  try {
    const { output } = await bundle.generate({ format: 'esm' });
    const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : [part.fileName]));
    expect(modules.some((id) => id.includes('/node_modules/archiver/'))).toBe(true);
    expect(modules.filter((id) => /\.(node|bare)$|\/node_modules\/bare-(fs|path|url|buffer|stream)\//.test(id))).toEqual([]);
  } finally {
    await bundle.close();
  }
});
