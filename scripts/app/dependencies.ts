import { mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withLock } from '../../provision/computer/lock.ts';
import { ticking } from '../../provision/computer/ticking.ts';
import { failure } from '../../provision/index.ts';
import { secretStore } from '../../provision/run/secrets.ts';
import { docker } from './containers.ts';
import { installed } from './packages.ts';
import {
  answers,
  environmentOf,
  type Means,
  type Name,
  names,
  type Passwords,
  type Server,
} from './servers.ts';

const checkout = resolve(import.meta.dirname, '../..');

/** How servers can be run; the first that works is used. */
export const ways = ['docker', 'installed'] as const;
export type Way = (typeof ways)[number];

const INSTALL = 'sudo apt-get install -y --no-install-recommends mariadb-server redis-server memcached';

type Show = (topic: string, line: string) => void;

/** The running servers, and the environment that TheAPP needs to use them. */
export interface Dependencies {
  readonly servers: readonly Server[];
  readonly environment: Record<string, string>;
  /** The file with the generated passwords. */
  readonly passwords: string;
}

/**
 * MariaDB, Redis and Memcached, all answering: servers that already run are kept, the others are started.
 *
 * @throws ProvisionError (failed) when this computer cannot run a server, or a server does not answer
 */
export function bringUp(show: Show, only?: Way): Promise<Dependencies> {
  const { folder, means, passwords, file } = home();
  return withLock(
    folder,
    'starting servers',
    (line) => show('app', line),
    async () => {
      let chosen: Means | undefined;
      const servers: Server[] = [];
      for (const name of names) {
        const running = await find(means, name);
        if (!running) chosen ??= await choose(means, show, only);
        const way = running?.way ?? chosen;
        const server = running?.server ?? (await chosen?.start(name, passwords));
        if (way && server) servers.push(await ready(way, server, passwords, show));
      }
      return { servers, environment: environmentOf(servers, passwords), passwords: file };
    },
  );
}

/** The servers that are running. */
export async function status(): Promise<readonly Server[]> {
  const { means } = home();
  const found = await Promise.all(names.map((name) => find(means, name)));
  return found.flatMap((one) => (one ? [one.server] : []));
}

/** Stops the running servers and, with `purge`, removes their data. Returns the names of those that ran. */
export function stop(show: Show, purge: boolean): Promise<readonly Name[]> {
  const { folder, means } = home();
  return withLock(
    folder,
    'stopping servers',
    (line) => show('app', line),
    async () => {
      const stopped = new Set<Name>();
      for (const way of Object.values(means)) {
        for (const name of names) {
          if (await way.stop(name)) stopped.add(name);
          if (purge) await way.purge(name);
        }
      }
      return [...stopped];
    },
  );
}

/** State is kept in `.cache/app` and `.secrets`, or in the folder that THEAPP_SERVERS names: tests use their own. */
function home() {
  const own = process.env.THEAPP_SERVERS;
  const wanted = own ?? join(checkout, '.cache', 'app');
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  const folder = realpathSync(wanted);
  const file = own ? join(folder, 'passwords.json') : join(checkout, '.secrets', 'app.json');
  const secret = secretStore(file);
  const passwords: Passwords = { mysql: secret('mysql'), redis: secret('redis') };
  return { folder, file, passwords, means: { docker: docker(folder), installed: installed(folder) } };
}

async function find(means: Record<Way, Means>, name: Name) {
  for (const way of Object.values(means)) {
    const server = await way.find(name);
    if (server) return { way, server };
  }
  return undefined;
}

async function choose(means: Record<Way, Means>, show: Show, only?: Way): Promise<Means> {
  const obstacles: string[] = [];
  for (const way of ways.filter((one) => only === undefined || one === only)) {
    const checking = `checking ${way === 'docker' ? 'Docker and its images' : 'the installed servers'}`;
    const obstacle = await ticking(
      (line) => show('app', line),
      checking,
      () => means[way].obstacle(),
    );
    if (obstacle === undefined) {
      const why = obstacles.length > 0 ? `${obstacles.join('; ')}: ` : '';
      show('app', `${why}using ${way === 'docker' ? 'Docker' : 'the servers installed on this computer'}`);
      return means[way];
    }
    obstacles.push(obstacle);
  }
  throw failure({
    place: 'this computer',
    what: 'cannot run MariaDB, Redis and Memcached',
    why: obstacles.join('; '),
    todo: `${only ? 'omit --with, or ' : ''}${INSTALL}\n  → or start Docker`,
  });
}

/** MariaDB creates its tables when it first starts, which takes a while on a slow computer. */
async function ready(way: Means, server: Server, passwords: Passwords, show: Show): Promise<Server> {
  const { name } = server;
  const runs = async () => (await way.find(name)) !== undefined;
  const waiting = (line: string) => show('app', line);
  const answering = await ticking(waiting, `waiting for ${name}`, () =>
    answers(server, passwords, runs, 120),
  );
  if (answering) return server;
  throw failure({
    place: name,
    what: `the server does not answer after 120 s (${server.by})`,
    said: await way.log(name),
    todo: 'npm run app:deps -- stop, then start it again',
  });
}
