import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { type Clock, Redactor, RunbackError, fromFileSystem } from '../../lib/index.js';
import { checkJournal } from '../format/journal-check.js';
import { agendaLines, entriesIn, requireText } from '../format/parts.js';
import { lockedError } from '../locked.js';
import type { MovablePlace, StatePart } from '../move/movable.js';
import { isSameMark, type MoveMark, overtakenError, type Seen } from '../moved.js';
import { AgendaFolder } from './agenda-folder.js';
import { openFileStore } from './file-store.js';
import { JOURNAL } from './journal-file.js';
import { HeadKeeper, headPath, readHead } from './journal-head.js';
import { holderOf, tryLock } from './lock-file.js';
import { isState, readMark, writeMark } from './moved-mark.js';
import { pathIn, syncFolder, systemCode } from './paths.js';
import { removeIfThere, writeWhole } from './whole-file.js';

/** How long a change that is under way may take to end. */
const CHANGE_MS = 30_000;
/** In the folder of locks, and none of them: who marks the folder, or changes a part of it, has it for that long. */
const GUARD = 'state-move.guard';
const END_OF_TIME = new Date('9999-12-31T23:59:59.999Z');

/** A state folder as the old or the new place of a state. */
export class MovableFolder implements MovablePlace {
  constructor(
    readonly location: string,
    private readonly clock: Clock,
  ) {}

  async standing(): Promise<Seen> {
    return readMark(this.location) ?? (isState(this.location) ? undefined : 'empty');
  }

  async mark(mark: MoveMark | undefined, seen: Seen): Promise<void> {
    await this.#alone(async () => {
      const now = readMark(this.location);
      if (isSameMark(now, mark)) return;
      if (!isSameMark(now, seen)) throw overtakenError(this.location);
      if (mark?.state === 'moving' && now === undefined) await this.#repair();
      await writeMark(this.location, mark);
    });
    if (mark?.state === 'moving') await this.#changesEnd();
  }

  async held(): Promise<readonly string[]> {
    const held: string[] = [];
    const look = (name: string, path: string, also: boolean): void => {
      const info = holderOf(path);
      if (info !== undefined && (also || info.life !== 'dead')) held.push(`${name} (${info.holder})`);
    };
    for (const name of namesIn(join(this.location, 'locks')))
      if (name.endsWith('.lock')) look(name.slice(0, -5), join(this.location, 'locks', name), true);
    for await (const part of this.parts()) if (part.what === 'journal') look(part.id, join(dirname(this.#path(part)), 'journal.lock'), false);
    return held;
  }

  async *parts(): AsyncGenerator<StatePart> {
    for (const kind of foldersIn(join(this.location, 'documents')))
      for (const name of namesIn(join(this.location, 'documents', kind)))
        if (name.endsWith('.json')) yield { what: 'document', kind, id: name.slice(0, -'.json'.length) };
    for (const kind of foldersIn(this.location).filter((name) => name !== 'documents' && name !== 'agenda' && isState(this.location, name))) {
      for (const name of namesIn(join(this.location, kind))) {
        if (name.endsWith('.ndjson')) yield { what: 'ledger', kind, id: name.slice(0, -'.ndjson'.length) };
        else if (isFile(join(this.location, kind, name, JOURNAL))) yield { what: 'journal', kind, id: name };
      }
    }
    for (const kind of foldersIn(join(this.location, 'agenda')))
      if ((await this.#agenda(kind).next()) !== undefined) yield { what: 'agenda', kind, id: 'all' };
  }

  async read(part: StatePart): Promise<Buffer> {
    if (part.what === 'agenda') return agendaLines(await this.#agenda(part.kind).due(END_OF_TIME));
    const path = this.#path(part);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw fromFileSystem(error, path);
    }
    requireText(bytes, path);
    if (part.what === 'journal') checkJournal(bytes, part, { head: readHead(headPath(path)), where: path });
    return bytes;
  }

  async write(part: StatePart, bytes: Buffer, move: string): Promise<void> {
    await this.#alone(async () => await this.#write(part, bytes, () => this.#requireArriving(move)));
  }

  async #write(part: StatePart, bytes: Buffer, stillWanted: () => void): Promise<void> {
    stillWanted();
    if (part.what === 'agenda') {
      await this.#remove(part, stillWanted);
      for (const { at, id } of entriesIn(bytes)) {
        stillWanted();
        await this.#agenda(part.kind).add(at, id);
      }
      return;
    }
    const path = this.#path(part);
    if (part.what !== 'journal') {
      await writeWhole(path, bytes.toString('utf8'), { stillWanted });
      return;
    }
    const ends = checkJournal(bytes, part, { head: undefined, where: path });
    // Without a head beside it, a journal vouches for itself: it is whole at every moment.
    removeIfThere(headPath(path));
    await writeWhole(path, bytes.toString('utf8'), { stillWanted });
    stillWanted();
    const head = new HeadKeeper(headPath(path));
    for (const end of ends) head.keep(end);
    head.close();
  }

  async remove(part: StatePart, move: string): Promise<void> {
    await this.#alone(async () => await this.#remove(part, () => this.#requireArriving(move)));
  }

  async #remove(part: StatePart, stillWanted: () => void): Promise<void> {
    stillWanted();
    if (part.what === 'agenda') {
      const agenda = this.#agenda(part.kind);
      for (const entry of await agenda.due(END_OF_TIME)) {
        stillWanted();
        await agenda.remove(entry);
      }
      return;
    }
    const path = this.#path(part);
    await rm(part.what === 'journal' ? dirname(path) : path, { recursive: true, force: true });
    await syncFolder(part.what === 'journal' ? dirname(dirname(path)) : dirname(path));
  }

  async close(): Promise<void> {
    // Nothing is kept open.
  }

  #requireArriving(move: string): void {
    const now = readMark(this.location);
    if (now?.state !== 'arriving' || now.move !== move) throw overtakenError(this.location);
  }

  /**
   * Does something while no other run of a move changes the folder. One that was stopped in the middle has the guard
   * until it is continued or ended: nobody may write in between.
   */
  async #alone(work: () => Promise<void>): Promise<void> {
    const path = join(this.location, 'locks', GUARD);
    const owner = { by: 'runback', holder: `move-${String(process.pid)}`, purpose: 'moving the state' };
    const until = performance.now() + CHANGE_MS;
    for (;;) {
      const attempt = await tryLock(path, owner, this.clock, { breakDead: true, lapse: true, durable: false, renew: false, lapsed: new Set() });
      if ('held' in attempt) {
        try {
          return await work();
        } finally {
          await attempt.held.release();
        }
      }
      if (performance.now() > until) throw lockedError('The move of the state', attempt.by, this.clock, path);
      await pause(20);
    }
  }

  /** A torn last line is cut off, and that is on record, as whoever writes next would do. */
  async #repair(): Promise<void> {
    const store = openFileStore({ dir: this.location, clock: this.clock, redactor: new Redactor() });
    for await (const part of this.parts()) {
      if (part.what !== 'journal') continue;
      const bytes = readFileSync(this.#path(part));
      if (bytes.length === 0 || bytes.at(-1) === 0x0a) continue;
      const owner = { by: 'runback', holder: `move-${String(process.pid)}`, purpose: 'moving the state' };
      await (await store.journal(part.kind, part.id).open(owner)).close();
    }
  }

  /** Changes of documents that began before the mark hold the lock of their document. */
  async #changesEnd(): Promise<void> {
    const until = performance.now() + CHANGE_MS;
    for (const kind of foldersIn(join(this.location, 'documents')))
      for (const name of namesIn(join(this.location, 'documents', kind)).filter((one) => one.endsWith('.json.lock')))
        for (const path = join(this.location, 'documents', kind, name); (holderOf(path)?.life ?? 'dead') !== 'dead'; await pause(20))
          if (performance.now() > until)
            throw new RunbackError('locked', `A change of ${kind}/${name.slice(0, -'.json.lock'.length)} does not end`, {
              state: 'Nothing was moved yet.',
              next: 'Run the same command again.',
            });
  }

  #agenda(kind: string): AgendaFolder {
    return new AgendaFolder(pathIn(join(this.location, 'agenda'), kind, 'a kind of agenda'), () => undefined);
  }

  #path({ what, kind, id }: StatePart): string {
    if (what === 'document') return pathIn(pathIn(join(this.location, 'documents'), kind, 'a kind of document'), id, 'the id of a document', '.json');
    const folder = pathIn(this.location, kind, 'a kind');
    return what === 'ledger' ? pathIn(folder, id, 'the id of a ledger', '.ndjson') : join(pathIn(folder, id, 'the id of a journal'), JOURNAL);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw fromFileSystem(error, folder);
  }
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
