import { describe, expect, it } from 'vitest';

import { systemdUnit } from '../../src/daemon/index.js';

const linesOf = (unit: string): readonly string[] => unit.split('\n');

describe('the systemd unit', () => {
  it('lets the daemon write to its workspace and do little else', () => {
    const lines = linesOf(systemdUnit({ exec: ['/usr/bin/runback', 'daemon'], workspace: '/srv/crm', user: 'runback' }));
    for (const line of [
      'ExecStart=/usr/bin/runback daemon',
      'WorkingDirectory=/srv/crm',
      'User=runback',
      'Restart=on-failure',
      'UMask=0077',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ReadWritePaths=/srv/crm',
    ])
      expect(lines).toContain(line);
    expect(linesOf(systemdUnit({ exec: ['x'], workspace: '/srv/crm' })).some((line) => line.startsWith('User='))).toBe(false);
  });

  it('keeps every word of the command one word, whatever is in it', () => {
    const unit = systemdUnit({ exec: ['/opt/my node', 'a"b\\c', '100%', '$HOME'], workspace: '/srv/50 % off' });
    expect(linesOf(unit)).toContain('ExecStart="/opt/my node" "a\\"b\\\\c" 100%% $$HOME');
    expect(linesOf(unit)).toContain('ReadWritePaths="/srv/50 %% off"');
    expect(linesOf(unit)).toContain('WorkingDirectory=/srv/50 %% off');
  });
});
