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

/**
 * Queries this host's databases and Sentinels inside their containers, where the passwords are. Each query may fail
 * alone: a container that is still starting does not hide the others.
 */
export const dataProbe = sh`docker ps --format '{{.ID}} {{.Label "com.docker.swarm.service.name"}}' 2>/dev/null | sort -k2 | while read -r id service; do
case $service in
*sentinel*) printf '\n== sentinel %s\n' "$service"
  timeout 20 docker exec "$id" sh -c 'export REDISCLI_AUTH
    REDISCLI_AUTH=$(cat /run/secrets/redis)
    redis-cli -p 26379 SENTINEL masters' </dev/null 2>&1 || : ;;
*mysql*|*mariadb*) printf '\n== database %s\n' "$service"
  timeout 20 docker exec "$id" sh -c 'export MYSQL_PWD
    MYSQL_PWD=$(cat "$MARIADB_ROOT_PASSWORD_FILE")
    exec mariadb -uroot -e "SHOW REPLICA STATUS\\G"' </dev/null 2>&1 || : ;;
esac
done`;

/** Parses the answers of all hosts. */
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
    replicas: parts.filter(({ kind }) => kind === 'database').flatMap(readReplica),
    sentinels: parts.filter(({ kind }) => kind === 'sentinel').flatMap(readSentinel),
  };
}

interface Part {
  readonly host: string;
  readonly service: string;
  readonly body: string;
}

/** `SHOW REPLICA STATUS\G`; a primary prints nothing. */
function readReplica({ host, service, body }: Part): Replica[] {
  const field = (name: string) => new RegExp(`^ *${name}: *(.*)$`, 'm').exec(body)?.[1]?.trim();
  const behind = field('Seconds_Behind_Master');
  if (behind === undefined) {
    const error = /^ERROR.*$/m.exec(body)?.[0];
    return error === undefined || !/replica/.test(service) ? [] : [{ host, service, lag: null, error }];
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
  const flags = value('flags') ?? lines[0] ?? '';
  const master = address === undefined ? '' : `${address}:${port}`;
  return [{ host, service, master, flags, replicas: Number(value('num-slaves') ?? 0) }];
}
