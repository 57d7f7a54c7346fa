import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { failure, reveal } from '../../provision/index.ts';
import { type Means, type Name, names, type Passwords, type Server } from './servers.ts';

interface Recipe {
  readonly image: string;
  readonly port: number;
  /** Where the container keeps its data. */
  readonly data?: string;
  environment(passwords: Passwords): Record<string, string>;
  readonly words?: readonly string[];
}

/** Redis reads no password from its environment, and every user of the computer can read command lines. */
const redisCommand = `exec redis-server - <<END
requirepass $PASSWORD
dir /data
appendonly yes
save ""
maxmemory 64mb
maxmemory-policy volatile-lru
END`;

const recipes: Record<Name, Recipe> = {
  mariadb: {
    image: 'mariadb:11.8',
    port: 3306,
    data: '/var/lib/mysql',
    environment: ({ mysql }) => ({
      MARIADB_DATABASE: 'theapp',
      MARIADB_USER: 'theapp',
      MARIADB_PASSWORD: reveal(mysql),
      MARIADB_RANDOM_ROOT_PASSWORD: '1',
    }),
  },
  redis: {
    image: 'redis:8',
    port: 6379,
    data: '/data',
    environment: ({ redis }) => ({ PASSWORD: reveal(redis) }),
    words: ['sh', '-c', redisCommand],
  },
  memcached: { image: 'memcached:1.6', port: 11211, environment: () => ({}) },
};

/** Official images in containers `theapp-…`, each on a free loopback port, with its data in a volume of the same name. */
export function docker(base: string): Means {
  const mark = createHash('sha256').update(base).digest('hex').slice(0, 6);
  const containerOf = (name: Name) => `theapp-${mark}-${name}`;
  const run = (...words: string[]) =>
    execa('docker', words, { reject: false, timeout: 60_000, stdin: 'ignore' });
  const find = async (name: Name): Promise<Server | undefined> => {
    const { image, port } = recipes[name];
    const { exitCode, stdout } = await run('port', containerOf(name), `${port}/tcp`);
    const [, here] = /^127\.0\.0\.1:(\d+)$/m.exec(stdout) ?? [];
    if (exitCode !== 0 || !here) return undefined;
    return { name, port: Number(here), by: `Docker: ${image} as ${containerOf(name)}` };
  };
  return {
    find,
    async obstacle() {
      const { exitCode, code } = await run('version', '--format', '{{.Server.Version}}');
      if (code === 'ENOENT') return 'Docker is not installed';
      if (exitCode !== 0) return 'no Docker daemon answers';
      for (const name of names) {
        const { image } = recipes[name];
        if ((await run('image', 'inspect', image)).exitCode === 0) continue;
        const pulled = await execa('docker', ['pull', '--quiet', image], { reject: false, stdin: 'ignore' });
        if (pulled.exitCode !== 0)
          return `Docker cannot pull ${image}: ${pulled.stderr.trim().split('\n').at(-1)}`;
      }
      return undefined;
    },
    async start(name, passwords) {
      const { image, port, data, environment, words = [] } = recipes[name];
      const container = containerOf(name);
      const env = environment(passwords);
      await run('rm', '--force', container);
      const options = [
        ...['run', '--detach', '--name', container, '--publish', `127.0.0.1::${port}`],
        ...Object.keys(env).flatMap((variable) => ['--env', variable]),
        ...(data ? ['--volume', `${container}:${data}`] : []),
      ];
      const started = await execa('docker', [...options, image, ...words], {
        reject: false,
        env,
        stdin: 'ignore',
      });
      const server = started.exitCode === 0 ? await find(name) : undefined;
      if (server) return server;
      throw failure({
        place: name,
        what: `${image} did not start in Docker`,
        said: started.stderr,
        todo: `check that Docker can pull the image: docker pull ${image}`,
      });
    },
    async stop(name) {
      const found = await find(name);
      if (found) await run('stop', '-t', '30', containerOf(name));
      await run('rm', '--force', containerOf(name));
      return found !== undefined;
    },
    log: async (name) => {
      const { stdout, stderr } = await run('logs', '--tail', '12', containerOf(name));
      return `${stdout}\n${stderr}`;
    },
    async purge(name) {
      await run('volume', 'rm', '--force', containerOf(name));
    },
  };
}
