import { messageOf, RunbackError } from '../errors.js';

/**
 * Why a server of this machine cannot start, as an error with what to do about it.
 * @param what the server as the beginning of a sentence: `The status page`.
 * @param free what to type for another port.
 */
export function cannotListen(what: string, at: { readonly host: string; readonly port: number }, error: unknown, free: string): RunbackError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = at.port === 0 ? at.host : `${at.host}:${at.port}`;
  const [why, next] =
    code === 'EADDRINUSE'
      ? ['Another program listens there.', `End that program, or use a free port: ${free}`]
      : code === 'EADDRNOTAVAIL'
        ? [`This machine has no address ${at.host}.`, `Give its loopback interface that address: ip addr add ${at.host}/8 dev lo`]
        : [messageOf(error), `Use another port: ${free}`];
  return new RunbackError('usage', `${what} cannot listen on ${place}`, { why, state: 'Nothing was started.', next, cause: error });
}
