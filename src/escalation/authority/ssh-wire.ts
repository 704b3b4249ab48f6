/** What reading bytes of the SSH wire format throws; callers turn it into words. */
export class SshFormatError extends Error {}

/** Reads the SSH wire format (RFC 4251, section 5). Throws {@link SshFormatError} where the bytes end too early. */
export class SshReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** As many bytes as asked for. */
  take(length: number): Buffer {
    if (length > this.bytes.length - this.#at) throw new SshFormatError('it ends too early');
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  /** `string`: a length and that many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** `mpint` that is not negative, without its leading zero. */
  positive(): Buffer {
    const bytes = this.string();
    if (bytes.length === 0 || ((bytes[0] ?? 0) & 0x80) !== 0) throw new SshFormatError('a number in it is not positive');
    return bytes[0] === 0 ? bytes.subarray(1) : bytes;
  }

  /** Refuses what follows. */
  end(): void {
    if (this.#at !== this.bytes.length) throw new SshFormatError('there are bytes after its end');
  }
}

/** A `string` of the wire format. */
export function sshString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
