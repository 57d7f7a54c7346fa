import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../../provision/index.ts';

/** An ssh_config in which `ssh NAME` connects to a host of an inventory; it precedes the user's own. */
export function sshConfig(hosts: readonly Host[], folder: string): string {
  return [...hosts.map((host) => entry(host, folder)), 'Include ~/.ssh/config\n'].join('\n');
}

function entry({ name, address, port, user, keyFiles = [], hostKeys }: Host, folder: string): string {
  const known = join(folder, '.lab', `${name}.known_hosts`);
  mkdirSync(dirname(known), { recursive: true });
  if (hostKeys) writeFileSync(known, hostKeys.map((key) => `${name} ${key}\n`).join(''));
  const lines = [
    `Host ${name}`,
    `HostName ${address}`,
    ...(port === undefined ? [] : [`Port ${port}`]),
    ...(user === undefined ? [] : [`User ${user}`]),
    ...keyFiles.map((file) => `IdentityFile ${file}`),
    ...(keyFiles.length > 0 ? ['IdentitiesOnly yes'] : []),
    ...(hostKeys ? [`UserKnownHostsFile ${known}`, `HostKeyAlias ${name}`] : []),
    // A machine that loses power does not close its connections.
    'ServerAliveInterval 2',
    'ServerAliveCountMax 2',
  ];
  return `${lines.join('\n  ')}\n`;
}
