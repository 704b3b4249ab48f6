import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';

import { defined, fromFileSystem, isRunbackError, RunbackError } from '../../lib/index.js';
import type { OptionSpec, CommandContext } from './command.js';

/** The option that stands beside every `--to`. */
export const OVERWRITE: OptionSpec = { flags: '--overwrite', description: 'replace the file that --to names, if it is there' };

/** A file that a person asked for, before it is written. */
export interface OutputFile {
  /** Absolute. */
  readonly path: string;
  /**
   * Fills the file through `produce`, which ends the stream or leaves that to this function. The file is there whole or
   * not at all; it belongs to this user and only its owner may read it, whatever stood there before. Throws what
   * `produce` throws, `disk-full`, `disk-denied`.
   */
  write<T>(produce: (output: Writable) => Promise<T>): Promise<T>;
}

/**
 * Looks whether the file that `--to` names may be written, before any work is done for it. A link is never followed,
 * and a file that is there is replaced only with `--overwrite` or on a person's yes. Undefined where no `--to` was
 * given. Throws `usage`, `disk-denied`.
 */
export async function outputFile(context: CommandContext, option = 'to'): Promise<OutputFile | undefined> {
  const to = context.input.text(option);
  if (to === undefined) return undefined;
  const path = resolve(context.stdio.cwd, to);
  await parentOf(path);
  const replace = await mayReplace(context, path, to.endsWith('/'));
  return { path, write: (produce) => written(path, replace, produce) };
}

/** Writes a text that is there already. */
export async function writeText(file: OutputFile, text: string): Promise<void> {
  await file.write(async (output) => void output.end(text));
}

async function parentOf(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ELOOP') throw refusal(`${folder} is not a folder`, path, error);
    throw fault(error, path);
  });
  if (found === undefined)
    throw new RunbackError('usage', `There is no folder ${folder}`, {
      why: `${basename(path)} would be written there.`,
      state: 'Nothing was written.',
      next: 'Make the folder, or give another file.',
    });
  if (!found.isDirectory()) throw refusal(`${folder} is not a folder`, path);
}

/** Whether a file is there that may go. Throws `usage` where something is there that must not. */
async function mayReplace(context: CommandContext, path: string, asFolder: boolean): Promise<boolean> {
  const found = await there(path);
  if (found?.isDirectory() === true || (found === undefined && asFolder)) throw refusal(`${path} is a folder`, path);
  if (found === undefined) return false;
  if (found.isSymbolicLink())
    throw new RunbackError('usage', `${path} is a link to somewhere else`, {
      why: 'Runback never writes through a link: the file would land somewhere you did not name.',
      state: 'Nothing was written.',
      next: 'Give the file itself, or remove the link.',
    });
  if (!found.isFile()) throw refusal(`${path} is not a regular file`, path);
  if (context.input.flag('overwrite')) return true;
  if (!context.interactive) throw alreadyThere(path);
  const yes = await (await context.asker('--overwrite')).confirm({ message: `Replace ${basename(path)}, which is already there?`, default: false });
  if (!yes) throw alreadyThere(path);
  return true;
}

const there = (path: string): Promise<Stats | undefined> =>
  lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw fault(error, path);
  });

/**
 * Writes beside the final name and takes it in one step, so that neither a reader nor a crash ever sees half a file.
 */
async function written<T>(path: string, replace: boolean, produce: (output: Writable) => Promise<T>): Promise<T> {
  const draft = join(dirname(path), `.runback-${randomBytes(6).toString('hex')}.part`);
  try {
    const output = (await open(draft, 'wx', 0o600)).createWriteStream({ flush: true });
    let trouble: unknown;
    output.on('error', (error) => (trouble ??= error));
    const closed = new Promise<void>((done) => output.once('close', done));
    let result: T;
    try {
      result = await produce(output);
      output.end();
    } catch (error) {
      output.destroy();
      throw trouble ?? error;
    } finally {
      await closed;
    }
    if (trouble !== undefined) throw trouble;
    await takeName(draft, path, replace);
    return result;
  } catch (error) {
    throw fault(error, path);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

async function takeName(draft: string, path: string, replace: boolean): Promise<void> {
  const found = await there(path);
  // Somebody may have put something there while we worked; a rename replaces the name itself and follows no link.
  if (found !== undefined && !(replace && found.isFile())) throw alreadyThere(path);
  if (replace) return rename(draft, path);
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyThere(path, error);
    // A file system without hard links: what was looked at just now has to do.
    await rename(draft, path);
  }
}

function alreadyThere(path: string, cause?: unknown): RunbackError {
  return new RunbackError('usage', `${path} is already there`, {
    state: 'It was not changed.',
    next: 'Give another file, or add --overwrite to replace it.',
    ...defined({ cause }),
  });
}

function refusal(what: string, path: string, cause?: unknown): RunbackError {
  return new RunbackError('usage', what, {
    why: `${basename(path)} cannot be written as a file there.`,
    state: 'Nothing was written.',
    next: 'Give the path of a file.',
    ...defined({ cause }),
  });
}

/** What the file system refused, in words that fit a file which a person asked for; everything else unchanged. */
function fault(error: unknown, path: string): unknown {
  const known = fromFileSystem(error, path);
  if (isRunbackError(known, 'disk-denied') && known !== error)
    return new RunbackError('disk-denied', known.message, {
      ...defined({ why: known.why }),
      state: 'Nothing was written.',
      next: 'Give another file, or get permission to write to that folder.',
      cause: error,
    });
  return codeOf(known) === 'ENAMETOOLONG' ? refusal('The name of the file is too long', path, error) : known;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
