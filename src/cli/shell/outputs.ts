/** What became of the two streams that a command writes to. */
export interface Outputs {
  /**
   * Why what was printed is not where it was sent to (no room on the disk, say). Undefined where its reader simply
   * left.
   */
  readonly failure: Error | undefined;
}

/** The reader left: the other end of the pipe, the terminal, the connection. */
const READER_LEFT = new Set(['EPIPE', 'ECONNRESET', 'EIO', 'ENXIO', 'ERR_STREAM_DESTROYED']);

/**
 * Keeps a process at work when its output goes away: what was begun is brought to its end, and the exit status says how
 * that went. To be called before anything is printed. `told` hears once of each stream that is gone.
 */
export function guardOutputs(
  { stdout, stderr }: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  told: (line: string) => void = () => undefined,
): Outputs {
  const guarded: { failure: Error | undefined } = { failure: undefined };
  for (const [name, stream] of Object.entries({ stdout, stderr })) {
    let gone = false;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!READER_LEFT.has(error.code ?? '') && name === 'stdout') guarded.failure ??= error;
      if (!gone) told(`${name} can no longer be written to (${error.code ?? error.message}); the work continues`);
      gone = true;
    });
  }
  return guarded;
}
