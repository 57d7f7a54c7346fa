import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { type Facts, inputError, role, type Text } from '../../../provision/index.ts';
import { stackRemoved, stackResources } from '../../../roles/stack/index.ts';
import { vars } from './vars.ts';

const FILE = join(import.meta.dirname, '..', 'theapp.yml');
const NGINX = join(import.meta.dirname, '..', '..', '..', 'nginx', 'cluster.conf.hbs');
export const NAME = 'theapp';

/** TheAPP's stack. The host must be a manager of a swarm. */
export const theapp = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts, template }) => {
    return stackResources({
      name: NAME,
      file: FILE,
      content: template(FILE, derived(vars, facts)),
      secrets: {
        'mysql-root': vars.mysql_root_password,
        'mysql-replication': vars.mysql_replication_password,
        'mysql-app': vars.mysql_password,
        redis: vars.redis_password,
      },
      configs: {
        'nginx-conf': template(NGINX, derived(vars, facts)),
        'nginx-start': verbatim('nginx-start.sh'),
        'app-health': verbatim('app-health.sh'),
        'mysql-accounts': verbatim('mysql-accounts.sh'),
        'redis-start': verbatim('redis-start.sh'),
        'redis-passwords': verbatim('redis-passwords.sh'),
        'sentinel-start': verbatim('sentinel-start.sh'),
        ...(vars.autoscale ? { autoscaler: program(vars.autoscaler_program) } : {}),
      },
      oneByOne: ['redis-1', 'redis-2', 'redis-3', 'sentinel-1', 'sentinel-2', 'sentinel-3'],
      last: ['accounts-open', 'migrate', 'app', 'accounts-close', 'redis-passwords'],
      release: vars.app_image,
      resolveImage: vars.resolve_image,
      seconds: vars.converge_seconds,
    });
  },
  remove: ({ purge }) => stackRemoved(NAME, purge),
});

/** Values for the templates that are derived from the variables. */
function derived(vars: Vars, { emulated }: Facts) {
  return {
    stack: NAME,
    // Docker's DNS, in every container
    resolver: '127.0.0.11',
    app: 'app:3000',
    redis: [1, 2, 3],
    accounts: [
      { name: 'accounts-open', command: 'both' },
      { name: 'accounts-close', command: 'new' },
    ],
    vhost_names: Object.entries(vars.vhosts)
      .map(([name, service]) => `${name}=${service}`)
      .join(','),
    encrypted: vars.encrypted ?? true,
    health_seconds: vars.health_seconds ?? (emulated ? 60 : 10),
    mysql_options: mysqlOptions(vars),
    // the longest time that stopping takes, plus a reserve
    app_grace_seconds: vars.drain_seconds + 30,
    nginx_grace_seconds: vars.leave_seconds + 4 * vars.read_seconds + 15,
    retry_seconds: 4 * vars.read_seconds,
    mysql_memory_mb: vars.mysql_pool_mb + 384,
    // rewriting the log, and a full copy for a replica, need extra memory
    redis_limit_mb: 2 * vars.redis_max_memory_mb + 64,
    memcached_limit_mb: vars.memcached_mb + 64,
  };
}

/** The same for both servers, so that the replica can replace the primary. A power failure loses no acknowledged write. */
const mysqlOptions = ({ mysql_pool_mb, mysql_max_connections }: Vars) => [
  '--log-bin=theapp',
  '--log-slave-updates=1',
  '--relay-log=relay',
  '--relay-log-recovery=1',
  '--gtid-strict-mode=1',
  '--sync-binlog=1',
  '--binlog-expire-logs-seconds=604800',
  '--slave-net-timeout=10',
  '--innodb-flush-log-at-trx-commit=1',
  `--innodb-buffer-pool-size=${mysql_pool_mb}M`,
  `--max-connections=${mysql_max_connections}`,
  '--character-set-server=utf8mb4',
  '--skip-name-resolve',
  '--local-infile=0',
];

type Vars = z.output<typeof vars>;

function program(text: string | null): Text {
  if (text !== null) return { text, secrets: [] };
  throw inputError({
    place: 'theapp.autoscaler_program',
    what: 'missing',
    why: 'theapp.autoscale requires it',
    todo: 'run npm run provision -- approach_2, which builds it',
  });
}

const verbatim = (name: string): Text => ({
  text: readFileSync(join(import.meta.dirname, name), 'utf8'),
  secrets: [],
});
