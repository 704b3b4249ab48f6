// Makes what is shipped from the built program: dist/runback.js, and dist/chunks with everything that it imports, each
// loaded when it is needed, and what stages of drills load before it. Also THIRD-PARTY.md: whose work is in there, and
// under which licences. With --to FOLDER NAME=FILE …: other modules, for tests.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileFunction } from 'node:vm';

import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const { values, positionals } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true });
if (values.to === undefined) await ship();
else await bundle(Object.fromEntries(positionals.map((pair) => pair.split('='))), values.to);

async function ship() {
  const folder = join(dist, 'chunks');
  const entries = { start: join(dist, 'start.js'), main: join(dist, 'main.js'), conditions: join(dist, 'stages', 'conditions.js') };
  const { names, modules } = await bundle(entries, folder);
  // Only now, and only what is no longer part of it: a daemon may be at work that loads another of them when it needs
  // it.
  for (const name of await readdir(folder)) if (!names.includes(name)) await rm(join(folder, name));
  const start = [
    '#!/usr/bin/env node',
    "import { createRequire } from 'node:module';",
    '',
    'const require = createRequire(import.meta.url);',
    `require('./chunks/start.cjs').start(require.resolve('./chunks/main.cjs'), '${await digestOf(folder, names)}');`,
    '',
  ];
  await writeFile(join(dist, 'runback.js'), start.join('\n'), { mode: 0o755 });
  await writeFile(join(root, 'THIRD-PARTY.md'), await licences(modules));
}

/**
 * Writes these modules by name, and all that they import, as CommonJS. Gives the names of the files and the paths of
 * what went into them.
 */
async function bundle(input, folder) {
  const { output } = await build({
    input,
    platform: 'node',
    logLevel: 'silent',
    // Of ours, nothing is done by being loaded.
    treeshake: { moduleSideEffects: (id) => (id.startsWith(dist) && !Object.values(input).includes(id) ? false : undefined) },
    plugins: [plainScript(join(dist, 'main.js')), ownAddresses(folder), nativeChecksums(), noOtherRuntimes(), noOtherProcesses(), onlyDirectories()],
    output: {
      dir: folder,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      // Comments and spaces only: stack traces keep their names.
      minify: { compress: false, mangle: false, codegen: true },
    },
  });
  for (const { fileName } of output) {
    const path = join(folder, fileName);
    const source = inAscii(asNeeded(await readFile(path, 'utf8')));
    // Throws where one of the changes has made no script of it.
    compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: path });
    await writeFile(path, source);
  }
  return { names: output.map(({ fileName }) => fileName), modules: output.flatMap(({ moduleIds = [] }) => moduleIds) };
}

/** Tells one build from every other: what was compiled of one is not for another. */
async function digestOf(folder, names) {
  const hash = createHash('sha256');
  for (const name of [...names].sort()) hash.update(`${name}\n`).update(await readFile(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

/** CommonJS has no `await` outside of functions: what follows the imports of the entry becomes one. */
function plainScript(entry) {
  return {
    name: 'plain-script',
    transform(code, id) {
      if (id !== entry) return undefined;
      const lines = code.replace(/^#!.*\n/u, '').split('\n');
      const body = lines.findLastIndex((line) => line.startsWith('import ')) + 1;
      return { code: [...lines.slice(0, body), 'void (async () => {', ...lines.slice(body), '})();'].join('\n'), map: null };
    },
  };
}

/**
 * A module goes on to know where its own file was built, by which it finds what is shipped beside it. What it requires
 * late is taken along.
 */
function ownAddresses(folder) {
  return {
    name: 'own-addresses',
    transform(code, id) {
      if (!code.includes('import.meta.url')) return undefined;
      const path = JSON.stringify(relative(folder, id).split(sep).join('/'));
      const address = `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${path})).href`;
      return { code: code.replaceAll('createRequire(import.meta.url)(', 'require(').replaceAll('import.meta.url', address), map: null };
    },
  };
}

/** Archives are checked by Node's own CRC-32, twenty times as fast as the one in JavaScript. */
function nativeChecksums() {
  return {
    name: 'native-checksums',
    resolveId: (id) => (id === 'crc-32' ? '\0crc-32' : undefined),
    load: (id) =>
      id === '\0crc-32'
        ? "import { crc32 } from 'node:zlib';\nexport default { buf: (data, from) => crc32(data, typeof from === 'number' ? from : 0) };\n"
        : undefined,
  };
}

/**
 * pg asks at its start whether it runs at Cloudflare by making an answer of `fetch`, which loads all of that: twenty
 * times pg's own start.
 */
function noOtherRuntimes() {
  return instead('/pg/lib/stream.js', 'if (isCloudflareRuntime()) {', 'if (false) {');
}

/** commander could start a command that is a program of its own: none of ours is. */
function noOtherProcesses() {
  return instead('/commander/lib/command.js', "const childProcess = require('node:child_process');", 'const childProcess = undefined;');
}

/** Puts something else in the place of a text that a file of a package has to hold. */
function instead(file, text, other) {
  return {
    name: `instead-in${file}`,
    transform(code, id) {
      if (!id.split(sep).join('/').endsWith(file)) return undefined;
      if (!code.includes(text)) throw new Error(`${id} no longer holds ${text}`);
      return { code: code.replace(text, other), map: null };
    },
  };
}

/**
 * Of unzipper, only what reads the directory of an archive is used: what unpacks archives to disk is left out, with the
 * packages that it brings.
 */
function onlyDirectories() {
  return {
    name: 'only-directories',
    resolveId: (id, importer = '') =>
      (id === 'fs-extra' || id === 'graceful-fs') && importer.split(sep).join('/').includes('/unzipper/')
        ? { id: 'node:fs', external: true }
        : undefined,
    transform(code, id) {
      if (!id.split(sep).join('/').endsWith('/unzipper/unzip.js')) return undefined;
      return { code: "'use strict';\nexports.Open = require('./lib/Open');\n", map: null };
    },
  };
}

/**
 * What a script takes from others is loaded where it is used first, and not when the script is: of all that a command could come to
 * need, it needs little. Those are the names that the bundler gives to other scripts and to modules of Node; one that is used for
 * anything but its members stays as it is.
 */
function asNeeded(source) {
  // A directive counts at the beginning only.
  if (/^["']/u.test(source)) return source;
  let head = '';
  let code = source;
  for (const [statement, name, id] of source.matchAll(/(?<=^|;)(?:const|let) ((?:require|node)_[\w$]+)=require\(("[^"]+")\);/gu)) {
    const isName = new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${name.replaceAll('$', '\\$')}(?![\\w$])(?!=require\\()`, 'gu');
    const isMember = new RegExp(`${isName.source}(?=\\.)`, 'gu');
    const rest = code.replace(statement, '');
    if (name === 'require_rolldown_runtime' || rest.match(isName)?.length !== rest.match(isMember)?.length) continue;
    head += `let ${name};`;
    code = rest.replaceAll(isMember, () => `(${name}??=require(${id}))`);
  }
  return head + code;
}

/** The same script in ASCII: V8 keeps it in half of the memory. Other characters stand in literals only. */
function inAscii(source) {
  return source.replaceAll(/[^\0-\x7f]/gu, (sign) =>
    Array.from({ length: sign.length }, (_, n) => `\\u${sign.charCodeAt(n).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** One section a package whose modules these are. */
async function licences(modules) {
  const folders = new Set(modules.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(id.split(sep).join('/'))?.[1] ?? []));
  const sections = await Promise.all(
    [...folders].map(async (folder) => {
      const { name, version, license, author } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      const texts = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/iu.test(file)).sort();
      const by = typeof author === 'string' ? author : author?.name;
      if (license === undefined && texts.length === 0) throw new Error(`${name} does not say under which licence it is`);
      const head = `## ${name} ${version}\n\n${license ?? 'See below'}${by === undefined ? '' : `, by ${by.replace(/\s*[<(].*$/u, '')}`}\n`;
      const whole = await Promise.all(texts.map(async (file) => `\n\`\`\`text\n${(await readFile(join(folder, file), 'utf8')).trim()}\n\`\`\`\n`));
      return { name, text: head + whole.join('') };
    }),
  );
  const sorted = sections.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ text }) => text);
  return `# Third-party software in the bundle\n\nrunback ships with the packages below, in whole or in part.\n\n${sorted.join('\n')}`;
}
