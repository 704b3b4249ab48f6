import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Bytes that are read at once. */
const READ_BYTES = 1 << 18;
/** Buffers kept for the next reads. */
const KEPT_BUFFERS = 8;

/**
 * A socket that reads into memory of its own, which it can use again: of a table of gigabytes no more is allocated than
 * lies unread at once. What is `data` is a copy, and the listener's to keep, unless the listener {@link lend}s.
 */
export class LendingSocket extends Socket {
  readonly #free: Buffer[];
  #lending = false;

  constructor() {
    const free: Buffer[] = [];
    const onread: OnReadOpts = {
      buffer: () => free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, bytes) => {
        const data = Buffer.from(bytes.buffer, bytes.byteOffset, length);
        if (this.#lending) this.emit('data', data);
        else {
          this.emit('data', Buffer.from(data));
          this.giveBack(data);
        }
        return true;
      },
    };
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = { onread };
    super(options);
    this.#free = free;
  }

  /** Whether the listener of `data` gives back what it gets. */
  lend(on: boolean): void {
    this.#lending = on;
  }

  /** Takes back what was lent; nobody may read it any more. */
  giveBack({ buffer }: Buffer): void {
    if (buffer.byteLength === READ_BYTES && this.#free.length < KEPT_BUFFERS) this.#free.push(Buffer.from(buffer));
  }
}
