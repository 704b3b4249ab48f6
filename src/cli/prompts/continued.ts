const escape = '\u001B';
/** Sequences that place the cursor or clear lines, at the beginning of what a prompt writes. */
const PLACED = new RegExp(`^(?:${escape}\\[\\d*[ABCDGK])+`, 'u');

/** A screen that remembers the last question that was drawn on it, to draw it again. */
export function rememberDrawn(output: NodeJS.WriteStream): { readonly output: NodeJS.WriteStream; forget(): void; redraw(): void } {
  let drawn = '';
  const write = (text: string, ...others: []): boolean => {
    const content = text.replace(PLACED, '');
    if (content !== '') drawn = content;
    return output.write(text, ...others);
  };
  const proxy = new Proxy(output, {
    get: (target, name) => {
      if (name === 'write') return write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { output: proxy, forget: () => void (drawn = ''), redraw: () => void output.write(drawn) };
}

/**
 * Until the result is called: when the process was stopped (Ctrl-Z) and continues (`fg`), the terminal gives single keys
 * again, they are read, and `redraw` is called. The shell had the terminal in between and has set it as it likes.
 */
export function whenContinued(stdin: NodeJS.ReadStream, redraw: () => void): () => void {
  const onContinue = (): void => {
    // After readline, which stops reading at the same signal.
    setImmediate(() => {
      if (!listening) return;
      // Node takes it for raw still.
      stdin.setRawMode(false);
      stdin.setRawMode(true);
      stdin.resume();
      redraw();
    });
  };
  let listening = true;
  process.on('SIGCONT', onContinue);
  return () => {
    listening = false;
    process.off('SIGCONT', onContinue);
  };
}
