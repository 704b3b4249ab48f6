import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { parse } from 'yaml';

import { isRunbackError } from '../../../lib/index.js';
import type { Session } from '../../session/session.js';
import { runbookFiles } from '../runs/runbook-files.js';
import { scrubbed, shapeOf } from './shape.js';

/** A check of doctor, as far as a bundle tells it. */
interface Checked {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly warning?: true;
  readonly code?: string;
  /** Lines of the file that it is about. */
  readonly lines?: readonly number[];
}

/** Journals of each kind, and lines of each, that are told at most; lines of the log. */
const MOST_JOURNALS = 5;
const MOST_LINES = 400;
const MOST_LOG_LINES = 2000;
const JOURNALS = ['runs', 'restores', 'incidents'] as const;

const README = `What runback knows about a problem, for people who help with it.

In it: versions, the outcome of each check of doctor, the shape of the files of the workspace, the schema of the newest snapshot, and the
shapes of the last lines of the log and of the newest journals.
Not in it: secrets and where they are, values and keys of records, names and addresses of people, texts of runbooks, host names, paths.
A shape has the keys of a thing, how long its texts are, and the words and counts of runback itself. Look through it before you send it.
`;

/** Where a workspace is and what hides its secrets: all there is of one whose runback.yml cannot be loaded. */
export interface BundledPlace {
  readonly root: string;
  readonly stateDir: string;
  readonly logDir: string;
  /** Takes out what was resolved as a secret by then. */
  redact(text: string): string;
}

/**
 * The files of a bundle for support, by their names in it. Reads only what is on this machine. `opened`: the workspace, where it can be
 * loaded; without it nothing is told of runbooks and snapshots, whose places it names.
 */
export async function bundleFiles(place: BundledPlace, checks: readonly Checked[], opened?: Session): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, unknown>();
  files.set('versions.json', await versions());
  files.set('checks.json', checks.map(checkShape));
  // Any word can stand as a key of a file that nobody could check.
  const known = opened === undefined ? await knownKeys() : undefined;
  for (const name of ['runback.yml', 'escalation.yml']) files.set(`workspace/${name}.json`, await yamlShape(join(place.root, name), known));
  if (opened !== undefined) {
    files.set('workspace/runbooks.json', await runbookShapes(opened));
    files.set('schemas.json', await schemasOf(opened));
  }
  files.set('log.ndjson', await logShapes(place.logDir));
  for (const kind of JOURNALS)
    for (const [name, lines] of await journalShapes(join(place.stateDir, kind))) files.set(`journals/${kind}/${name}.ndjson`, lines);
  const texts = [...files].map(
    ([name, content]) => [name, typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`] as const,
  );
  // What was resolved as a secret by then is taken out once more, whatever it stood in.
  return new Map([['README.txt', README], ...texts.map(([name, text]) => [name, place.redact(text)] as const)]);
}

/** Checks that tell of runback and this machine in words of their own; others quote names, messages of vendors and lines of files. */
const OWN: ReadonlySet<string> = new Set(['Node.js', 'State folder', 'Locks', 'Snapshots', 'Encryption', 'Forgetting']);

function checkShape({ what, ok, found, warning, code, lines }: Checked): unknown {
  return {
    what: scrubbed(what),
    ok,
    ...(OWN.has(what) && { found: scrubbed(found) }),
    ...(warning && { warning }),
    ...(code !== undefined && { code }),
    ...(lines !== undefined && { lines }),
  };
}

async function versions(): Promise<unknown> {
  const { version } = JSON.parse(await readFile(new URL('../../../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  const { platform, arch, versions: of } = process;
  return { runback: version, node: of.node, v8: of.v8, openssl: of.openssl, platform, arch };
}

async function yamlShape(path: string, known: ReadonlySet<string> | undefined): Promise<unknown> {
  try {
    return shapeOf(parse(await readFile(path, 'utf8')), known);
  } catch (error) {
    return unread(error);
  }
}

/** Keys that the files of a workspace can have. */
async function knownKeys(): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties } = schema as { readonly properties?: unknown };
    if (typeof properties === 'object' && properties !== null) for (const key of Object.keys(properties)) known.add(key);
    for (const part of Object.values(schema)) collect(part);
  };
  for (const name of ['workspace', 'escalation'])
    collect(JSON.parse(await readFile(new URL(`../../../../schemas/${name}.schema.json`, import.meta.url), 'utf8')));
  return known;
}

/** Messages of what cannot be read quote it: only what sort of trouble it is. */
function unread(error: unknown): unknown {
  return { unread: isRunbackError(error) ? error.code : error instanceof Error ? error.name : true };
}

async function runbookShapes(opened: Session): Promise<unknown> {
  const files = await runbookFiles(opened);
  return files.map(({ runbook, problem }) =>
    runbook === undefined
      ? { unread: problem !== undefined }
      : { digest: runbook.digest, steps: runbook.steps.map(({ kind, action }) => ({ kind, action: action?.name })) },
  );
}

/** Fields and types of the object types in the newest snapshot; no options, since people name them. */
async function schemasOf(opened: Session): Promise<unknown> {
  try {
    const catalog = await opened.catalog();
    const [newest] = (await catalog.survey()).snapshots;
    if (newest === undefined) return [];
    const snapshot = await catalog.open(newest.id);
    try {
      const platforms: unknown[] = [];
      for (const { name, connector } of snapshot.header.platforms) {
        const { objects, links } = await snapshot.schema(name);
        platforms.push({
          platform: name,
          connector,
          objects: objects.map(({ object, fields }) => ({
            object,
            fields: fields.map(({ name: field, type, platformType, readOnly, options }) => ({
              field,
              type,
              platformType,
              readOnly,
              ...(options && { options: options.length }),
            })),
          })),
          links: links.map(({ from, to, kind }) => ({ from, to, kind })),
        });
      }
      return platforms;
    } finally {
      await snapshot.close();
    }
  } catch (error) {
    return unread(error);
  }
}

async function logShapes(folder: string): Promise<string> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.ndjson')).slice(-2);
  const lines: string[] = [];
  for (const name of names) lines.push(...(await linesOf(join(folder, name))));
  return shapesOf(lines.slice(-MOST_LOG_LINES));
}

async function journalShapes(folder: string): Promise<readonly (readonly [string, string])[]> {
  const newest = (await namesIn(folder)).slice(-MOST_JOURNALS);
  return await Promise.all(
    newest.map(async (name) => {
      const lines = await linesOf(join(folder, name, 'journal.ndjson'));
      const told = /^[a-z]+-\d{8}-\d{6}-[a-z0-9]+$/u.test(name) ? name : createHash('sha256').update(basename(name)).digest('hex').slice(0, 12);
      return [told, shapesOf(lines.slice(-MOST_LINES))] as const;
    }),
  );
}

const namesIn = async (folder: string): Promise<readonly string[]> => (await readdir(folder).catch((): string[] => [])).sort();

async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

function shapesOf(lines: readonly string[]): string {
  return lines.map((line) => `${JSON.stringify(lineShape(line))}\n`).join('');
}

function lineShape(line: string): unknown {
  try {
    return shapeOf(JSON.parse(line));
  } catch {
    return `[text of ${String(line.length)}]`;
  }
}
