import { closeSync, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { fromFileSystem } from '../../lib/index.js';
import { safeName } from '../format/names.js';
import type { Agenda, AgendaEntry } from '../store.js';
import { makeFolder, syncFolder, systemCode } from './paths.js';

/** `20261125T1345`: a folder for every minute that has an entry. */
const MINUTE = /^\d{8}T\d{4}$/;
/** `07250-<id>`: seconds and milliseconds, then the id. */
const ENTRY = /^(\d{2})(\d{3})-(.+)$/;
const ALL = Number.POSITIVE_INFINITY;
/** Entries of one id that lie side by side at most; more of them would tell no more. */
const MOST_AT_ONCE = 1000;
/** How often a folder is made anew that others remove at the same time. */
const MOST_TRIES = 100;

/**
 * An agenda as empty files, named by their time and id in one folder a minute: adding touches nothing but the entry,
 * and asking what is due reads the names of the minutes and of what is due.
 */
export class AgendaFolder implements Agenda {
  constructor(
    private readonly path: string,
    private readonly requireHere: () => void,
  ) {}

  async add(at: Date, id: string, { anew = false }: { readonly anew?: boolean } = {}): Promise<void> {
    safeName(id, 'the id of something due');
    for (let before = 0; before < MOST_AT_ONCE; before += 1) if ((await this.#add({ at: new Date(at.getTime() - before), id })) || !anew) return;
  }

  /** False where the entry is there already. */
  async #add(entry: AgendaEntry): Promise<boolean> {
    this.requireHere();
    const { minute, name } = placeOf(entry);
    const folder = join(this.path, minute);
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await makeFolder(folder);
          return await addTo(folder, name);
        } catch (error) {
          // Whoever took the last entry out has just removed the emptied folder, at whatever step we were.
          if (systemCode(error) !== 'ENOENT' || tries >= MOST_TRIES) throw error;
        }
      }
    } catch (error) {
      throw fromFileSystem(error, folder);
    }
  }

  async due(now: Date, options: { readonly limit?: number; readonly except?: ReadonlySet<string> } = {}): Promise<readonly AgendaEntry[]> {
    this.requireHere();
    const { limit = ALL, except } = options;
    const found: AgendaEntry[] = [];
    const last = placeOf({ at: now, id: 'x' }).minute;
    for (const minute of this.#minutes()) {
      if (minute > last || found.length >= limit) break;
      for (const entry of this.#entries(minute)) {
        if (entry.at > now || found.length >= limit) break;
        if (except?.has(entry.id) !== true) found.push(entry);
      }
    }
    return found;
  }

  async claim(now: Date, limit: number, leaseMs: number): Promise<readonly AgendaEntry[]> {
    const claimed: AgendaEntry[] = [];
    for (const entry of await this.due(now)) {
      if (claimed.length >= limit) break;
      const later = await this.#addLater(entry.id, now.getTime() + leaseMs);
      // Whoever takes the old one off has it; it is never without an entry in between.
      if (this.#takeOff(entry)) claimed.push(later);
      else this.#takeOff(later);
    }
    return claimed;
  }

  /** Adds an entry of its own at a time, or some milliseconds after it. */
  async #addLater(id: string, atMs: number): Promise<AgendaEntry> {
    for (let after = 0; ; after += 1) {
      const entry = { at: new Date(atMs + after), id };
      if (await this.#add(entry)) return entry;
    }
  }

  async remove(entry: AgendaEntry): Promise<void> {
    this.#takeOff(entry);
  }

  /** False where it was not there. */
  #takeOff(entry: AgendaEntry): boolean {
    const { minute, name } = placeOf(entry);
    const folder = join(this.path, minute);
    const wasThere = ignoring(['ENOENT'], () => unlinkSync(join(folder, name)), folder);
    ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(folder), folder);
    return wasThere;
  }

  async next(): Promise<Date | undefined> {
    for (const minute of this.#minutes()) {
      const [first] = this.#entries(minute);
      if (first) return first.at;
    }
    return undefined;
  }

  #minutes(): readonly string[] {
    return names(this.path)
      .filter((name) => MINUTE.test(name))
      .sort();
  }

  #entries(minute: string): readonly AgendaEntry[] {
    const listed = names(join(this.path, minute)).sort();
    return listed.flatMap((name): AgendaEntry[] => {
      const [, seconds, ms, id] = ENTRY.exec(name) ?? [];
      if (id === undefined) return [];
      const [day, time] = [minute.slice(0, 8), minute.slice(9)];
      const at = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.slice(0, 2)}:${time.slice(2)}:${seconds ?? ''}.${ms ?? ''}Z`;
      return [{ at: new Date(at), id }];
    });
  }
}

/**
 * Adds an entry to a folder that is there; one that is in it already stays, and the answer is false. Throws as the file
 * system does.
 */
async function addTo(folder: string, name: string): Promise<boolean> {
  try {
    closeSync(openSync(join(folder, name), 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  }
  await syncFolder(folder);
  return true;
}

function placeOf({ at, id }: AgendaEntry): { readonly minute: string; readonly name: string } {
  const text = at.toISOString().replaceAll(/[-:.Z]/g, '');
  return { minute: text.slice(0, 13), name: `${text.slice(13)}-${id}` };
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fromFileSystem(error, folder);
  }
}

/** False where one of these codes stood in the way. */
function ignoring(codes: readonly string[], work: () => void, path: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!codes.includes(systemCode(error) ?? '')) throw fromFileSystem(error, path);
    return false;
  }
}
