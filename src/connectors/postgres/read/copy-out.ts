import type { Client, Connection, Submittable } from 'pg';

import { LendingSocket } from '../socket.js';

/** Above this many bytes of memory that nobody has read yet, the socket is paused. */
const QUEUE_BYTES = 2 << 20;
/** Bytes of a message before its body: type and length. */
const HEADER = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR = 0x45;

/** What became of the command when no more rows come. */
type Ending = { readonly error?: unknown };

/**
 * `COPY … TO STDOUT`, read from the socket itself: the server sends one message a row, and a row is handed on in the
 * buffer it arrived in. (pg-copy-streams copies every row twice; for a million of them that is as long as all the
 * rest.) While rows come, the driver's own listener is off the socket; everything that is not a row is given back to
 * it.
 */
class CopyOut implements Submittable {
  private connection: Connection | undefined;
  private driver: ((data: Buffer) => void) | undefined;
  private readonly queue: Buffer[] = [];
  private queued = 0;
  private ending: Ending | undefined;
  private wake: (() => void) | undefined;
  private readonly listener = (data: Buffer): void => {
    this.queue.push(data);
    this.queued += data.buffer.byteLength;
    if (this.queued > QUEUE_BYTES) this.connection?.stream.pause();
    this.wake?.();
  };

  constructor(private readonly text: string) {}

  submit = (connection: Connection): void => {
    this.connection = connection;
    const { stream } = connection;
    this.driver = stream.listeners('data')[0] as ((data: Buffer) => void) | undefined;
    if (this.driver !== undefined) stream.removeListener('data', this.driver);
    stream.on('data', this.listener);
    if (stream instanceof LendingSocket) stream.lend(true);
    connection.query(this.text);
  };

  // What the driver calls on a query.
  handleError(error: unknown): void {
    this.end({ error });
  }
  handleReadyForQuery(): void {
    this.end({});
  }
  handleCommandComplete(): void {}

  private end(ending: Ending): void {
    this.ending ??= ending;
    this.wake?.();
  }

  /**
   * The next piece from the socket, to be given back; undefined at the end. Throws what the server or the socket
   * reported.
   */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const data = this.queue.shift();
      if (data !== undefined) {
        this.queued -= data.buffer.byteLength;
        if (this.queued <= QUEUE_BYTES >> 1) this.connection?.stream.resume();
        return data;
      }
      if (this.ending !== undefined) {
        if (this.ending.error !== undefined) throw this.ending.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
  }

  /** Takes a piece back that nobody reads any more. */
  giveBack(data: Buffer): void {
    const stream = this.connection?.stream;
    if (stream instanceof LendingSocket) stream.giveBack(data);
  }

  /** Gives the socket, and what came after the rows, back to the driver. */
  handBack(rest: Buffer): void {
    if (this.connection === undefined || this.driver === undefined) return;
    const { stream } = this.connection;
    stream.removeListener('data', this.listener);
    stream.on('data', this.driver);
    // What came up to here is the driver's to keep.
    if (stream instanceof LendingSocket) stream.lend(false);
    const later = this.queue.splice(0);
    this.queued = 0;
    for (const data of [rest, ...later]) if (data.length > 0) this.driver(data);
    stream.resume();
  }
}

/** A message that has begun, and goes on in what comes next. */
class Begun {
  private pieces: Buffer[] = [];
  private have = 0;

  get isEmpty(): boolean {
    return this.have === 0;
  }

  /** Adds bytes that are the caller's to give. */
  add(data: Buffer): void {
    this.pieces.push(data);
    this.have += data.length;
  }

  /** The whole message, if it ends in `data`, and where; undefined where it does not. */
  endingIn(data: Buffer): { readonly message: Buffer; readonly at: number } | undefined {
    const size = this.size(data);
    if (this.have + data.length < size) return undefined;
    const at = size - this.have;
    return { message: Buffer.concat([...this.pieces, data.subarray(0, at)], size), at };
  }

  /** Ends it, and gives what it was made of. */
  end(): readonly Buffer[] {
    const { pieces } = this;
    this.pieces = [];
    this.have = 0;
    return pieces;
  }

  /** Bytes of the message, as its header says, else those of a header. */
  private size(data: Buffer): number {
    const [first = data] = this.pieces;
    if (first.length >= HEADER) return sizeAt(first, 0);
    if (this.have + data.length < HEADER) return HEADER;
    return sizeAt(Buffer.concat([...this.pieces, data.subarray(0, HEADER)]), 0);
  }
}

/** Bytes of the message whose header stands at `at`. */
function sizeAt(buffer: Buffer, at: number): number {
  return 1 + buffer.readUInt32BE(at + 1);
}

function isEnd(type: number | undefined): boolean {
  return type === COPY_DONE || type === ERROR;
}

/**
 * Runs a COPY and calls `onRow` for every row: a buffer with start and end of the row, its newline included, valid only
 * during the call. Yields whenever the rows that have arrived are handed on, so that the caller can pass on results.
 * Where the caller stops early the connection is unusable and has to be closed.
 */
export async function* copyRows(client: Client, text: string, onRow: (source: Buffer, start: number, end: number) => void): AsyncGenerator<void> {
  const copy = client.query(new CopyOut(text));
  const begun = new Begun();
  for (let data = await copy.next(); data !== undefined; data = await copy.next()) {
    let at = 0;
    if (!begun.isEmpty) {
      const ended = begun.endingIn(data);
      if (ended === undefined) {
        begun.add(data);
        continue;
      }
      for (const piece of begun.end()) copy.giveBack(piece);
      const { message } = ended;
      if (isEnd(message[0])) {
        copy.handBack(Buffer.concat([message, data.subarray(ended.at)]));
        continue;
      }
      if (message[0] === COPY_DATA) onRow(message, HEADER, message.length);
      ({ at } = ended);
    }
    let over = false;
    while (data.length - at >= HEADER) {
      const type = data[at];
      over = isEnd(type);
      const end = at + sizeAt(data, at);
      if (over || end > data.length) break;
      if (type === COPY_DATA) onRow(data, at + HEADER, end);
      at = end;
    }
    if (over) copy.handBack(data.subarray(at));
    else {
      if (at < data.length) begun.add(Buffer.from(data.subarray(at)));
      copy.giveBack(data);
    }
    yield;
  }
}
