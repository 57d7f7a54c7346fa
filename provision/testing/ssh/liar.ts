import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Host } from '../../host.ts';
import { newKey } from './sshd.ts';

/** How an SSH server of our own behaves; what is not given is as a good server does it. */
export interface Manners {
  /** Answers a command. */
  readonly exec?: (channel: ServerChannel, client: Connection) => void;
  /** Whether a channel is opened, refused, or left without an answer. */
  readonly channels?: 'open' | 'refuse' | 'ignore';
  /** Instead of letting everybody in by key: what it takes. */
  readonly takes?: readonly ('password' | 'keyboard-interactive')[];
}

export interface Liar {
  host(more?: Partial<Host>): Host;
  close(): void;
}

export async function liar(folder: string, { exec, channels = 'open', takes }: Manners): Promise<Liar> {
  const key = newKey(`${folder}/liar`);
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(key)] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    client.on('authentication', (context) =>
      takes
        ? context.reject([...takes])
        : context.method === 'publickey'
          ? context.accept()
          : context.reject(['publickey']),
    );
    client.on('session', (accept, reject) => {
      if (channels === 'ignore') return;
      if (channels === 'refuse') return reject();
      accept().on('exec', (take) => {
        const channel = take();
        channel.on('error', () => undefined);
        (exec ?? relay((chunk) => [chunk]))(channel, client);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? Number(address?.port) : 0;
  return {
    host: (more = {}) => ({
      name: 'liar',
      address: '127.0.0.1',
      port,
      user: 'root',
      keyFiles: [key],
      hostKeys: [readFileSync(`${key}.pub`, 'utf8')],
      groups: [],
      forwarded: {},
      vars: {},
      ...more,
    }),
    close() {
      for (const client of clients) client.end();
      server.close();
    },
  };
}

/** A real `sh` whose output goes through `change`; it may end the channel instead. */
export function relay(
  change: (chunk: Buffer, channel: ServerChannel, client: Connection) => Buffer[] | undefined,
) {
  return (channel: ServerChannel, client: Connection) => {
    const child = spawn('sh', { stdio: 'pipe' });
    channel.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      for (const piece of change(chunk, channel, client) ?? []) if (channel.writable) channel.write(piece);
    });
    child.stderr.on('data', (chunk: Buffer) => channel.writable && channel.stderr.write(chunk));
    channel.on('close', () => child.kill());
    child.on('close', (code) => {
      if (!channel.writable) return;
      channel.exit(code ?? 1);
      channel.end();
    });
  };
}
