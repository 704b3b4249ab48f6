/** What a systemd unit is made from. */
export interface UnitOptions {
  /** Program and arguments, one word each: no shell reads them. */
  readonly exec: readonly string[];
  /** Folder of the workspace, absolute: the only place it may write to. */
  readonly workspace: string;
  /** System user it runs as; without one, systemd runs it as root or as the user whose unit it is. */
  readonly user?: string;
}

/** A systemd service that keeps the daemon of a workspace running, allowed to do no more than it needs. */
export function systemdUnit({ exec, workspace, user }: UnitOptions): string {
  return `# /etc/systemd/system/runback.service
# Secrets: put NAME=value lines into /etc/runback/environment (mode 0600), or use LoadCredential= and file: references.
[Unit]
Description=runback daemon: pages, escalations and follow-ups of ${specifiers(workspace)}
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target
# It never gives up: an incident may be waiting.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${exec.map(command).join(' ')}
WorkingDirectory=${specifiers(workspace)}
EnvironmentFile=-/etc/runback/environment
${user === undefined ? '' : `User=${user}\n`}Restart=on-failure
RestartSec=5
TimeoutStopSec=20
UMask=0077

${hardened(workspace)}

[Install]
WantedBy=multi-user.target
`;
}

/** What a timer looks after: the name of its files, and what that is in words. */
export interface TimerOptions extends UnitOptions {
  readonly name: string;
  readonly what: string;
}

/**
 * A service that looks once whether something is due, and a timer that starts it every five minutes: two files, each
 * headed by its path. What it starts knows itself when it is due, in its own zone.
 */
export function systemdTimer({ exec, workspace, user, name, what }: TimerOptions): string {
  return `# /etc/systemd/system/${name}.service
# Secrets: put NAME=value lines into /etc/runback/environment (mode 0600), or use LoadCredential= and file: references.
[Unit]
Description=runback ${what} of ${specifiers(workspace)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${exec.map(command).join(' ')}
WorkingDirectory=${specifiers(workspace)}
EnvironmentFile=-/etc/runback/environment
${user === undefined ? '' : `User=${user}\n`}UMask=0077

${hardened(workspace)}

# /etc/systemd/system/${name}.timer
[Unit]
Description=every five minutes: runback ${what} of ${specifiers(workspace)}

[Timer]
OnCalendar=*:0/5
Persistent=true

[Install]
WantedBy=timers.target
`;
}

/** No more than it needs: the workspace is the only place it may write to. */
function hardened(workspace: string): string {
  return `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${quoted(specifiers(workspace))}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
CapabilityBoundingSet=
AmbientCapabilities=`;
}

/** A word of a command line: there `$` begins a variable too. */
const command = (text: string): string => quoted(specifiers(text).replaceAll('$', '$$$$'));

const quoted = (text: string): string =>
  /^[A-Za-z0-9_./:@%$=,+-]+$/u.test(text) ? text : `"${text.replaceAll(/["\\]/gu, '\\$&').replaceAll('\n', '\\n')}"`;

const specifiers = (text: string): string => text.replaceAll('%', '%%');
