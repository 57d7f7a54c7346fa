import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from './tar.ts';

/** An image that is used like the official one of the same name: everything except its programs. */
export interface StandIn {
  readonly name: string;
  /** The user that its program runs as. */
  readonly user?: { readonly name: string; readonly id: number; readonly home: string };
  readonly files: readonly Entry[];
  /** The `config` of the image (OCI image specification: ImageConfig). */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The Debian packages for all images except node's, including what entry points and health checks use. */
export const packages = [
  'ca-certificates',
  'curl',
  'nginx',
  'mariadb-server-core',
  'mariadb-client',
  'redis-server',
  'memcached',
  'docker-registry',
];

/** The suite whose versions are closest to those of the official images. */
export const suite = 'trixie';

/** Makes builds reproducible: a machine that has the layer does not load it again. */
export const dated = { SOURCE_DATE_EPOCH: '315532800' };

const ours = (file: string) => readFileSync(join(import.meta.dirname, 'files', file), 'utf8');
const program = (path: string, file: string): Entry => ({ path, content: ours(file), mode: 0o755 });
const entryPoint = 'usr/local/bin/docker-entrypoint.sh';
const link = (path: string, to: string): Entry => ({ path, link: to });

const nginx: StandIn = {
  name: 'nginx:1.28',
  user: { name: 'nginx', id: 101, home: '/nonexistent' },
  files: [
    program('docker-entrypoint.sh', 'nginx.sh'),
    { path: 'docker-entrypoint.d/' },
    { path: 'etc/nginx/nginx.conf', content: ours('nginx.conf') },
    { path: 'etc/nginx/conf.d/default.conf', content: ours('nginx-default.conf') },
    { path: 'usr/share/nginx/html/index.html', content: 'This stands in for nginx.\n' },
    { path: 'var/cache/nginx/' },
    link('var/log/nginx/access.log', '/dev/stdout'),
    link('var/log/nginx/error.log', '/dev/stderr'),
  ],
  config: {
    Entrypoint: ['/docker-entrypoint.sh'],
    Cmd: ['nginx', '-g', 'daemon off;'],
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGQUIT',
  },
};

const mariadb: StandIn = {
  name: 'mariadb:11.8',
  user: { name: 'mysql', id: 999, home: '/var/lib/mysql' },
  files: [
    program(entryPoint, 'mariadb.sh'),
    program('usr/local/bin/healthcheck.sh', 'mariadb-health.sh'),
    { path: 'docker-entrypoint-initdb.d/' },
    {
      path: 'etc/mysql/mariadb.conf.d/05-skipcache.cnf',
      content: '[mariadbd]\nhost-cache-size=0\nskip-name-resolve\n',
    },
    { path: 'run/mysqld/', mode: 0o1777, owner: 999 },
    { path: 'var/lib/mysql/', owner: 999 },
  ],
  config: {
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['mariadbd'],
    ExposedPorts: { '3306/tcp': {} },
    Volumes: { '/var/lib/mysql': {} },
  },
};

const redis: StandIn = {
  name: 'redis:8',
  user: { name: 'redis', id: 999, home: '/data' },
  files: [
    program(entryPoint, 'redis.sh'),
    link('usr/local/bin/redis-sentinel', '/usr/bin/redis-server'),
    { path: 'data/', owner: 999 },
  ],
  config: {
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['redis-server'],
    ExposedPorts: { '6379/tcp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/data',
  },
};

const memcached: StandIn = {
  name: 'memcached:1.6',
  user: { name: 'memcache', id: 11211, home: '/nonexistent' },
  files: [program(entryPoint, 'memcached.sh')],
  config: {
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['memcached'],
    ExposedPorts: { '11211/tcp': {} },
    User: 'memcache',
  },
};

const registry: StandIn = {
  name: 'registry:2',
  files: [
    program('entrypoint.sh', 'registry.sh'),
    link('usr/local/bin/registry', '/usr/bin/docker-registry'),
    { path: 'etc/docker/registry/config.yml', content: ours('registry.yml') },
    { path: 'var/lib/registry/' },
  ],
  config: {
    Entrypoint: ['/entrypoint.sh'],
    Cmd: ['/etc/docker/registry/config.yml'],
    ExposedPorts: { '5000/tcp': {} },
    Volumes: { '/var/lib/registry': {} },
  },
};

/** Debian's Node.js is too old for TheAPP: the image contains the same one as the machines. */
const node: StandIn = {
  name: 'node:24-trixie-slim',
  user: { name: 'node', id: 1000, home: '/home/node' },
  files: [
    program(entryPoint, 'node.sh'),
    link('usr/local/bin/nodejs', 'node'),
    { path: 'home/node/', owner: 1000 },
  ],
  config: { Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node'] },
};

/** All images that the approaches use, except those that are built from this checkout. */
export const standIns: readonly StandIn[] = [nginx, mariadb, redis, memcached, registry, node];

/** The users of an image: root, nobody and its own, with the same ids as in the official image. */
export function accounts({ user }: StandIn): Entry[] {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  ];
  const group = ['root:x:0:', 'tty:x:5:', 'nogroup:x:65534:'];
  if (user) {
    passwd.push(`${user.name}:x:${user.id}:${user.id}::${user.home}:/usr/sbin/nologin`);
    group.push(`${user.name}:x:${user.id}:`);
  }
  const file = (path: string, lines: readonly string[]) => ({ path, content: `${lines.join('\n')}\n` });
  return [file('etc/passwd', passwd), file('etc/group', group)];
}
