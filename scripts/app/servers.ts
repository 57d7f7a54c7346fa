import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { reveal, type Secret } from '../../provision/index.ts';

/** What TheAPP needs, in the order in which it is shown. */
export const names = ['mariadb', 'redis', 'memcached'] as const;
export type Name = (typeof names)[number];

/** A server that answers on this computer's loopback. */
export interface Server {
  readonly name: Name;
  readonly port: number;
  /** The program that runs it and where its data is, as text. */
  readonly by: string;
}

/** The generated passwords. Memcached has none. */
export interface Passwords {
  readonly mysql: Secret;
  readonly redis: Secret;
}

/** A way to run servers that outlive this command. */
export interface Means {
  /** Why it cannot be used on this computer; undefined if it can. */
  obstacle(): Promise<string | undefined>;
  /** The server, if it already runs. */
  find(name: Name): Promise<Server | undefined>;
  /** Starts a server on a free port with its existing data. It may take a moment to answer. */
  start(name: Name, passwords: Passwords): Promise<Server>;
  /** False if it was not running. */
  stop(name: Name): Promise<boolean>;
  /** The end of the log of a server that did not start. */
  log(name: Name): Promise<string>;
  /** Removes the data. */
  purge(name: Name): Promise<void>;
}

/** The environment variables that tell TheAPP how to reach the servers. */
export function environmentOf(servers: readonly Server[], passwords: Passwords): Record<string, string> {
  const port = (name: Name) => servers.find((server) => server.name === name)?.port ?? 0;
  return {
    MYSQL_HOST: '127.0.0.1',
    MYSQL_PORT: `${port('mariadb')}`,
    MYSQL_PASS: reveal(passwords.mysql),
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: `${port('redis')}`,
    REDIS_PASS: reveal(passwords.redis),
    MEMCACHED_SERVERS: `127.0.0.1:${port('memcached')}`,
  };
}

/** Waits until a server answers in its protocol. False after `seconds`, or as soon as `runs` returns false. */
export async function answers(
  { name, port }: Server,
  { redis }: Passwords,
  runs: () => Promise<boolean>,
  seconds: number,
): Promise<boolean> {
  const questions: Record<Name, [string, RegExp]> = {
    // The handshake: 0x0a, the version, the authentication plug-in. An error packet begins with 0xff.
    mariadb: ['', /^.{4}\n[\d.]+/s],
    redis: [`AUTH ${reveal(redis)}\r\nPING\r\n`, /\+PONG/],
    memcached: ['version\r\n', /^VERSION/],
  };
  const [question, wanted] = questions[name];
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    if (wanted.test(await ask(port, question))) return true;
    if (!(await runs())) return false;
  }
  return false;
}

/** What a server answers within a second. */
function ask(port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(question));
    const end = () => {
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(end, 1000);
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      said += part;
      // Redis may send its two replies together or one after the other.
      if (!/^\+OK\r\n$/.test(said)) end();
    });
    socket.on('error', end).on('close', () => {
      clearTimeout(timer);
      end();
    });
  });
}
