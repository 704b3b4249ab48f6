const SHOW_CURSOR = '\u001B[?25h';

/** Shows the cursor where a terminal may have none because of us. */
export function showCursor(stream: NodeJS.WriteStream): void {
  stream.write(SHOW_CURSOR);
}

/** Gives the shell its cursor whenever Ctrl-Z stops the process. Until the result is called. */
export function showCursorWhenStopped(process: NodeJS.Process, stream: NodeJS.WriteStream): () => void {
  const onStop = (): void => {
    showCursor(stream);
    // Nobody listens now, so the same signal stops us.
    process.off('SIGTSTP', onStop);
    process.once('SIGCONT', listen);
    process.kill(process.pid, 'SIGTSTP');
  };
  const listen = (): void => void process.on('SIGTSTP', onStop);
  listen();
  return () => void process.off('SIGTSTP', onStop).off('SIGCONT', listen);
}
