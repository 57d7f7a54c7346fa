import { connect } from 'node:net';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../computer/files.ts';

/** The user on every machine of the lab; it can become root without a password. */
export const guestUser = 'admin';

/** SSH access to a machine before it is a host: its port, the key to log in with, and its host key. */
export interface Door {
  readonly name: string;
  /** The folder for the known_hosts file of ssh(1). */
  readonly folder: string;
  readonly port: number;
  readonly keyFile: string;
  readonly hostKey: string;
}

/** Whether a server sends `SSH-2.0-` (RFC 4253, 4.2). A port forwarder accepts connections before the machine does. */
export function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const answered = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => answered(false));
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      text += data;
      if (text.length >= 8) answered(text.startsWith('SSH-2.0-'));
    });
    socket.on('error', () => answered(false));
    socket.on('close', () => answered(false));
  });
}

/** Options for ssh(1) that reach a machine without reading or writing any of the user's files. */
export function sshOptions({ folder, port, keyFile, hostKey, name }: Door): string[] {
  const file = join(privateFolder(folder), 'known_hosts');
  writeWhole(file, `${name} ${hostKey}\n`);
  const options = [
    'IdentitiesOnly=yes',
    `IdentityFile=${quoted(keyFile)}`,
    `UserKnownHostsFile=${quoted(file)}`,
    'GlobalKnownHostsFile=none',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    `HostKeyAlias=${name}`,
    'LogLevel=ERROR',
  ];
  return ['-F', 'none', ...options.flatMap((option) => ['-o', option]), '-p', String(port), '-l', guestUser];
}

const quoted = (path: string) => `"${path}"`;
