import { sh } from '../../../provision/index.ts';

/** A MariaDB replica. */
export interface Replica {
  readonly host: string;
  readonly service: string;
  /** Seconds behind the primary; null while it does not replicate. */
  readonly lag: number | null;
  /** Why it does not replicate, as MariaDB reports it. */
  readonly error?: string;
}

/** What one Sentinel reports. */
export interface Sentinel {
  readonly host: string;
  readonly service: string;
  readonly master: string;
  /** The flags of Redis: `master`, or for example `s_down,master` while it is down. */
  readonly flags: string;
  readonly replicas: number;
}

export interface Data {
  readonly replicas: readonly Replica[];
  readonly sentinels: readonly Sentinel[];
}

/** Run inside a container of MariaDB. A primary prints nothing. */
export const askReplica = `export MYSQL_PWD
MYSQL_PWD=$(cat "$MARIADB_ROOT_PASSWORD_FILE")
exec mariadb -uroot -e 'SHOW REPLICA STATUS\\G'`;

/** Run inside a container of a Sentinel. */
export const askSentinel = `export REDISCLI_AUTH
REDISCLI_AUTH=$(cat /run/secrets/redis)
exec redis-cli -p 26379 SENTINEL masters`;

/**
 * Queries this host's databases and Sentinels inside their containers, where the passwords are. Each query may fail
 * alone: a container that is still starting does not hide the others.
 */
export const dataProbe = sh`docker ps --format '{{.ID}} {{.Label "com.docker.swarm.service.name"}}' 2>/dev/null | sort -k2 | while read -r id service; do
case $service in
*sentinel*) printf '\n== sentinel %s\n' "$service"
  timeout 20 docker exec "$id" sh -c ${askSentinel} </dev/null 2>&1 || : ;;
*mysql*|*mariadb*) printf '\n== database %s\n' "$service"
  timeout 20 docker exec "$id" sh -c ${askReplica} </dev/null 2>&1 || : ;;
esac
done`;

/** Parses the answers of all hosts. A `replica` must replicate, a `database` may. */
export function readData(answers: readonly { readonly host: string; readonly text: string }[]): Data {
  const parts = answers.flatMap(({ host, text }) =>
    text
      .split(/^== /m)
      .slice(1)
      .map((part) => {
        const [, kind = '', service = '', body = ''] = /^(\S+) (\S+)\n([\s\S]*)$/.exec(part) ?? [];
        return { host, kind, service, body };
      }),
  );
  return {
    replicas: parts.filter(({ kind }) => kind === 'database' || kind === 'replica').flatMap(readReplica),
    sentinels: parts.filter(({ kind }) => kind === 'sentinel').flatMap(readSentinel),
  };
}

interface Part {
  readonly host: string;
  readonly kind: string;
  readonly service: string;
  readonly body: string;
}

/** `SHOW REPLICA STATUS\G`; a primary prints nothing. */
function readReplica({ host, kind, service, body }: Part): Replica[] {
  const field = (name: string) => new RegExp(`^ *${name}: *(.*)$`, 'm').exec(body)?.[1]?.trim();
  const behind = field('Seconds_Behind_Master');
  if (behind === undefined) {
    const must = kind === 'replica' && (body.trim().split('\n').at(-1) || 'it does not follow a primary');
    const error = /^ERROR.*$/m.exec(body)?.[0] ?? must;
    const meant = kind === 'replica' || /replica/.test(service);
    return meant && error ? [{ host, service, lag: null, error }] : [];
  }
  const error = field('Last_SQL_Error') || field('Last_IO_Error') || stopped(field);
  return [{ host, service, lag: /^\d+$/.test(behind) ? Number(behind) : null, ...(error ? { error } : {}) }];
}

function stopped(field: (name: string) => string | undefined): string | undefined {
  const threads = {
    'the I/O thread': field('Slave_IO_Running'),
    'the SQL thread': field('Slave_SQL_Running'),
  };
  const words = Object.entries(threads).filter(([, state]) => state !== 'Yes');
  return words.map(([thread, state]) => `${thread} is in state ${state}`).join(', ') || undefined;
}

/** The output of `SENTINEL masters`: names and values on separate lines. */
function readSentinel({ host, service, body }: Part): Sentinel[] {
  const lines = body.trim().split('\n');
  const value = (name: string) => {
    const at = lines.findIndex((line, place) => place % 2 === 0 && line === name);
    return at < 0 ? undefined : lines[at + 1];
  };
  const [address, port] = [value('ip'), value('port')];
  const flags = value('flags') ?? (lines[0] || 'no answer');
  const master = address === undefined ? '' : `${address}:${port}`;
  return [{ host, service, master, flags, replicas: Number(value('num-slaves') ?? 0) }];
}

/** Seconds: the lag from which a replica is a problem. */
const MOST_LAG = 30;

/** What is wrong with replication or the Sentinels, one line each. */
export const dataProblems = ({ replicas, sentinels }: Data): string[] => [
  ...replicas.flatMap(replicaProblems),
  ...sentinelProblems(sentinels),
];

function replicaProblems({ service, lag, error }: Replica): string[] {
  if (lag === null) return [`${service} does not replicate: ${error ?? 'no reason given'}`];
  return lag > MOST_LAG ? [`${service} is ${lag} s behind its primary`] : [];
}

function sentinelProblems(sentinels: readonly Sentinel[]): string[] {
  const masters = [...new Set(sentinels.map(({ master }) => master).filter(Boolean))];
  return [
    ...(masters.length > 1 ? [`Sentinels disagree about the master: ${masters.join(', ')}`] : []),
    ...sentinels
      .filter(({ flags }) => flags !== 'master')
      .map(({ service, host, master, flags }) =>
        master ? `${service} on ${host} reports the master as ${flags}` : `${service} on ${host}: ${flags}`,
      ),
  ];
}
