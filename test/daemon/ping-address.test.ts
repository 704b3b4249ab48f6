import { expect, test } from 'vitest';

import { DeadMan } from '../../src/daemon/ping.js';
import { Trouble } from '../../src/daemon/trouble.js';
import { type RunbackError, systemClock } from '../../src/lib/index.js';

/**
 * A person would lose: the alarm. Whoever reads the address of a ping on the network can send it in place of a daemon
 * that is dead.
 */

const begun = (url: string): unknown => {
  try {
    return new DeadMan(
      { url },
      {
        clock: systemClock,
        signal: new AbortController().signal,
        trouble: new Trouble(systemClock, () => undefined),
        obstacle: () => Promise.resolve('not now'),
      },
    );
  } catch (error) {
    return error;
  }
};

test.each(['http://hc-ping.example.com/secret-uuid', 'http://10.0.0.7/secret-uuid', 'HTTP://192.168.1.4:8000/ping/secret-uuid'])(
  'plain http beyond this machine is refused before anything starts, without showing the address: %s',
  (url) => {
    const error = begun(url);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('plain http') });
    const { message, why, next } = error as RunbackError;
    expect([message, why, next].join('\n')).not.toContain('secret-uuid');
  },
);

test.each(['https://hc-ping.example.com/secret-uuid', 'http://127.0.0.1:8000/x', 'http://localhost/x'])('%s is taken', (url) => {
  expect(begun(url)).toBeInstanceOf(DeadMan);
});
