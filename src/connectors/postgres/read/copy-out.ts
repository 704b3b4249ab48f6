import type { Client, Connection, Submittable } from 'pg';

/** Above this many bytes that nobody has taken yet, the socket is paused. */
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
 * buffer it arrived in. (pg-copy-streams copies every row twice; for a million of them that is as long as all the rest.)
 * While rows come, the driver's own listener is off the socket; everything that is not a row is given back to it.
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
    this.queued += data.length;
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

  /** The next piece from the socket; undefined at the end. Throws what the server or the socket reported. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const data = this.queue.shift();
      if (data !== undefined) {
        this.queued -= data.length;
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

  /** Gives the socket, and what came after the rows, back to the driver. */
  handBack(rest: Buffer): void {
    if (this.connection === undefined || this.driver === undefined) return;
    const { stream } = this.connection;
    stream.removeListener('data', this.listener);
    stream.on('data', this.driver);
    const later = this.queue.splice(0);
    this.queued = 0;
    for (const data of [rest, ...later]) if (data.length > 0) this.driver(data);
    stream.resume();
  }
}

/**
 * Runs a COPY and calls `onRow` for every row: a buffer with start and end of the row, its newline included, valid only
 * during the call. Yields whenever the rows that have arrived are handed on, so that the caller can pass on results. Where
 * the caller stops early the connection is unusable and has to be closed.
 */
export async function* copyRows(client: Client, text: string, onRow: (source: Buffer, start: number, end: number) => void): AsyncGenerator<void> {
  const copy = client.query(new CopyOut(text));
  let pieces: Buffer[] = [];
  let have = 0;
  let need = HEADER;
  for (let data = await copy.next(); data !== undefined; data = await copy.next()) {
    pieces.push(data);
    have += data.length;
    if (have < need) continue;
    const buffer = pieces.length === 1 ? data : Buffer.concat(pieces, have);
    let at = 0;
    let over = false;
    while (buffer.length - at >= HEADER) {
      const type = buffer[at];
      const end = at + 1 + buffer.readUInt32BE(at + 1);
      if (type === COPY_DONE || type === ERROR) {
        over = true;
        break;
      }
      if (end > buffer.length) break;
      if (type === COPY_DATA) onRow(buffer, at + HEADER, end);
      at = end;
    }
    const rest = buffer.subarray(at);
    if (over) {
      copy.handBack(rest);
      pieces = [];
      have = 0;
      need = Infinity;
    } else {
      pieces = rest.length === 0 ? [] : [rest];
      have = rest.length;
      need = have < HEADER ? HEADER : 1 + rest.readUInt32BE(1);
    }
    yield;
  }
}
