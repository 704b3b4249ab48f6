import { closeSync, constants, openSync, readSync } from 'node:fs';

/** Ctrl-C as a terminal in raw mode gives it. */
const CTRL_C = 0x03;
/** Where the terminal cannot be read past Node's own stream: how long keys are awaited before they count as all. */
const PATIENCE_MS = 50;

/**
 * Throws away what was typed while no question stood there: nobody meant it as an answer. `interrupted` where a Ctrl-C
 * is among it. The terminal is left as it was found.
 */
export async function dropTypedAhead(stdin: NodeJS.ReadStream): Promise<'dropped' | 'interrupted'> {
  if (!stdin.isTTY) return 'dropped';
  const raw = stdin.isRaw;
  // Of a line that has no Enter yet a terminal gives nothing away unless it is raw.
  stdin.setRawMode(true);
  try {
    const taken = [...takeBuffered(stdin), ...(takeQueued() ?? (await takeArriving(stdin)))];
    return taken.some((bytes) => bytes.includes(CTRL_C)) ? 'interrupted' : 'dropped';
  } finally {
    stdin.setRawMode(raw);
  }
}

/** What Node has read already. */
function takeBuffered(stdin: NodeJS.ReadStream): readonly Buffer[] {
  const taken: Buffer | string | null = stdin.readableLength > 0 ? (stdin.read() as Buffer | string | null) : null;
  return taken === null ? [] : [typeof taken === 'string' ? Buffer.from(taken) : taken];
}

/**
 * What the terminal still holds, to the last byte and without waiting; undefined where it cannot be opened a second
 * time.
 */
function takeQueued(): readonly Buffer[] | undefined {
  let terminal: number;
  try {
    terminal = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  const taken: Buffer[] = [];
  try {
    for (;;) {
      const bytes = Buffer.alloc(4096);
      const length = readSync(terminal, bytes, 0, bytes.length, null);
      if (length === 0) return taken;
      taken.push(bytes.subarray(0, length));
    }
  } catch {
    // EAGAIN: nothing is left.
    return taken;
  } finally {
    closeSync(terminal);
  }
}

/** What comes within a moment, through Node's own stream. */
async function takeArriving(stdin: NodeJS.ReadStream): Promise<readonly Buffer[]> {
  const taken: Buffer[] = [];
  const take = (bytes: Buffer | string): void => void taken.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  stdin.on('data', take);
  stdin.resume();
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  stdin.off('data', take).pause();
  return taken;
}
