import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Host } from '../../host.ts';
import { newKey } from './sshd.ts';

/** The faults of an SSH server for tests; by default it behaves correctly. */
export interface Faults {
  /** Handles a command. */
  readonly exec?: (channel: ServerChannel, client: Connection) => void;
  /** Whether a request for a channel is accepted, refused or ignored. */
  readonly channels?: 'open' | 'refuse' | 'ignore';
  /** The authentication methods it offers instead of accepting every key. */
  readonly methods?: readonly ('password' | 'keyboard-interactive')[];
}

export interface FaultyServer {
  host(more?: Partial<Host>): Host;
  close(): void;
}

export async function faultyServer(
  folder: string,
  { exec, channels = 'open', methods }: Faults,
): Promise<FaultyServer> {
  const key = newKey(`${folder}/faulty`);
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(key)] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    client.on('authentication', (context) =>
      methods
        ? context.reject([...methods])
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
      name: 'faulty',
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

/** A real `sh` whose output passes through `change`, which may also end the channel. */
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
