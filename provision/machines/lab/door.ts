import { connect } from 'node:net';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../computer/files.ts';

/** The user of every machine the lab makes; it may become root without a password. */
export const guestUser = 'admin';

/** How a machine is reached before it is a host: its port here, the key that opens it, the key it must show. */
export interface Door {
  readonly name: string;
  /** Where what ssh(1) has to know is kept. */
  readonly folder: string;
  readonly port: number;
  readonly keyFile: string;
  readonly hostKey: string;
}

/** RFC 4253, 4.2: a server begins with `SSH-2.0-`. What forwards a port accepts connections before the machine does. */
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

/** Options of ssh(1) that reach a machine and nothing else: no file of the user's is read or written. */
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
