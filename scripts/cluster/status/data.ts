import { sh } from '../../../provision/index.ts';

/** A MariaDB that follows another. */
export interface Replica {
  readonly host: string;
  readonly service: string;
  /** Seconds; null while it does not follow. */
  readonly lag: number | null;
  /** What keeps it from following, in MariaDB's words. */
  readonly error?: string;
}

/** What one Sentinel says. */
export interface Sentinel {
  readonly host: string;
  readonly service: string;
  readonly master: string;
  /** Redis's own: `master`, or `s_down,master` and the like while it is not well. */
  readonly flags: string;
  readonly replicas: number;
}

export interface Data {
  readonly replicas: readonly Replica[];
  readonly sentinels: readonly Sentinel[];
}

/**
 * Asks the containers of this host's databases and Sentinels from inside, where their passwords are. What is asked
 * for fails for itself: a container that is only just starting is no reason to know nothing.
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

/** The answers of all hosts. */
export function readData(heard: readonly { readonly host: string; readonly text: string }[]): Data {
  const parts = heard.flatMap(({ host, text }) =>
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

/** `SHOW REPLICA STATUS\G`; a primary says nothing. */
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
  return words.map(([thread, state]) => `${thread} says ${state}`).join(', ') || undefined;
}

/** `SENTINEL masters` through a pipe: names and values on lines of their own. */
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
