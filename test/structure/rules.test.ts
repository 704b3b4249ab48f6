import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string };
}
const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { readonly forbidden: readonly Rule[] };
const rules = config.forbidden.map(({ name }) => name);

/** For every rule but those of the layers an import that it forbids: who imports what. */
const FORBIDDEN: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'public-face-only': ['snapshots/a.ts', 'store/files/lock-file.ts'],
  'no-cycles': ['lib/about.ts', 'lib/round.ts'],
  'sandbox-apart': ['sandbox/vendor/a.ts', 'connectors/index.ts'],
  'sandbox-only-for-rehearsal': ['runbooks/a.ts', 'sandbox/index.ts'],
  'vendors-apart': ['connectors/hubspot/a.ts', 'connectors/mailer/wire.ts'],
  'decisions-without-files': ['escalation/policy.ts', 'node:fs/promises'],
  'decisions-are-pure': ['restores/decide/a.ts', 'store/index.ts'],
  'terminal-in-cli-only': ['incidents/a.ts', 'chalk'],
};

/** From the bottom up, as the picture in docs/architecture.md has them. */
const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

let result: ICruiseResult;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-rules-'));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const imports = new Map<string, string[]>();
  const forbid = (from: string, to: string): void => {
    const path = to.endsWith('.ts')
      ? relative(dirname(from), to)
          .replace(/^(?!\.)/u, './')
          .replace(/\.ts$/u, '.js')
      : to;
    imports.set(from, [...(imports.get(from) ?? []), path]);
    if (to.endsWith('.ts') && !imports.has(to)) imports.set(to, []);
  };
  for (const [from, to] of Object.values(FORBIDDEN)) forbid(from, to);
  forbid('lib/round.ts', 'lib/about.ts');
  // Every folder imports every other one, and what wires them.
  for (const from of folders)
    for (const to of [...folders.filter((other) => other !== from).map((other) => `${other}/index.ts`), 'main.ts']) forbid(`${from}/all.ts`, to);
  for (const [path, from] of imports) await write(`src/${path}`, `${from.map((to) => `import '${to}';\n`).join('')}export const here = 1;\n`);
  await write('node_modules/chalk/package.json', '{"name":"chalk","version":"1.0.0","main":"index.js"}');
  await write('node_modules/chalk/index.js', 'module.exports = {};\n');
  await write('package.json', '{"type":"module","dependencies":{"chalk":"1.0.0"}}');
  const { output } = await cruise(['src'], {
    baseDir: folder,
    ruleSet: config as unknown as IFlattenedRuleSet,
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  });
  result = output as ICruiseResult;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const caught = (rule: string): readonly string[] =>
  result.summary.violations.flatMap((violation) => (violation.rule.name === rule ? [`${violation.from} > ${violation.to}`] : []));

test('every rule is tried by an import that it forbids', () => {
  expect(rules.filter((name) => !name.startsWith('down-only-')).sort()).toEqual(Object.keys(FORBIDDEN).sort());
  expect(rules.flatMap((name) => (name.startsWith('down-only-') ? [name.slice('down-only-'.length)] : [])).sort()).toEqual([...folders].sort());
});

test.each(Object.entries(FORBIDDEN))('%s bites', (rule, [from, to]) => {
  const target = to.startsWith('node:') ? to.slice('node:'.length) : to === 'chalk' ? 'node_modules/chalk/index.js' : `src/${to}`;
  expect(caught(rule)).toContain(`src/${from} > ${target}`);
});

test('of two folders at most one may import the other, and none what wires them', () => {
  const refused = new Set(folders.flatMap((name) => caught(`down-only-${name}`)));
  const mayImport = (from: string, to: string): boolean => !refused.has(`src/${from}/all.ts > src/${to}`);
  const pairs = folders.flatMap((one, n) => folders.slice(n + 1).map((other) => [one, other] as const));
  expect(pairs.length).toBeGreaterThan(50);
  expect(pairs.filter(([one, other]) => mayImport(one, `${other}/index.ts`) && mayImport(other, `${one}/index.ts`))).toEqual([]);
  // The picture is one of layers: nothing may import lib's users from lib, and cli may import what is below it.
  expect(folders.filter((name) => name !== 'lib' && mayImport('lib', `${name}/index.ts`))).toEqual([]);
  expect(mayImport('cli', 'restores/index.ts')).toBe(true);
});

test('each rule speaks of files that are there', async () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((path) => `src/${path}`);
  for (const { name, from } of config.forbidden) {
    const pattern = new RegExp(from.path ?? '', 'u');
    expect([name, files.some((path) => path.endsWith('.ts') && pattern.test(path))]).toEqual([name, true]);
  }
});
