import { identifier } from './client.ts';

/** Privileges by object: `{ 'app.*': ['SELECT', 'INSERT'], '*.*': ['PROCESS'] }`. */
export type Grants = Readonly<Record<string, readonly string[]>>;

/** The privileges that a server has granted on one object. */
interface Granted {
  /** In the server's syntax, for use in REVOKE. */
  readonly object: string;
  /** `app.*`: without quotes and escapes. */
  readonly key: string;
  readonly privileges: ReadonlySet<string>;
}

/** One GRANT or REVOKE on one object. */
export interface GrantChange {
  readonly verb: 'GRANT' | 'REVOKE';
  /** In the server's syntax. */
  readonly object: string;
  readonly key: string;
  readonly privileges: readonly string[];
}

/** The statements that lead from the granted to the wanted privileges, REVOKE first. Empty if they are the same. */
export function grantChanges(lines: readonly string[], wanted: Grants): GrantChange[] {
  const granted = lines.flatMap(parse);
  const desired = new Map(Object.entries(wanted).map(([key, names]) => [key, normal(names, key)]));
  const revoke = granted.flatMap(({ object, key, privileges }) => {
    const wish = desired.get(key) ?? new Set();
    const extra = [...privileges].filter(
      (name) => !wish.has(name) && !(wish.has('ALL') && name !== 'GRANT OPTION'),
    );
    return extra.length > 0 ? [{ verb: 'REVOKE' as const, object, key, privileges: extra }] : [];
  });
  const grant = [...desired].flatMap(([key, wish]) => {
    const has = new Set(
      granted.filter((one) => one.key === key).flatMap(({ privileges }) => [...privileges]),
    );
    const all = has.has('ALL') && !revoke.some((one) => one.key === key && one.privileges.includes('ALL'));
    const missing = [...wish].filter((name) => !has.has(name) && !(all && name !== 'GRANT OPTION'));
    const lost = has.has('ALL') && !all ? [...wish] : missing;
    return lost.length > 0 ? [{ verb: 'GRANT' as const, object: quoted(key), key, privileges: lost }] : [];
  });
  return [...revoke, ...grant];
}

/** The SQL for one account (see `accountName`). ALL and GRANT OPTION cannot be revoked in one statement. */
export function statement({ verb, object, privileges }: GrantChange, account: string): string {
  const names = privileges.map((name) => (name === 'ALL' ? 'ALL PRIVILEGES' : name));
  const plain = names.filter((name) => name !== 'GRANT OPTION');
  const option = plain.length < names.length ? ' WITH GRANT OPTION' : '';
  if (verb === 'REVOKE') {
    const lists = [...(option ? ['GRANT OPTION'] : []), ...(plain.length > 0 ? [plain.join(', ')] : [])];
    return lists.map((list) => `REVOKE ${list} ON ${object} FROM ${account};`).join('\n');
  }
  return `GRANT ${plain.join(', ') || 'USAGE'} ON ${object} TO ${account}${option};`;
}

/** A summary: `grant SELECT on app.*`. */
export const shown = ({ verb, key, privileges }: GrantChange) =>
  `${verb.toLowerCase()} ${privileges.join(', ')} on ${key}`;

const NAME = '(?:\\*|`(?:[^`]|``)+`)';
const LINE = new RegExp(`^GRANT (.+?) ON ((?:[A-Z ]+ )?${NAME}\\.${NAME}) TO (.*)$`);

/** Parses a line of SHOW GRANTS. Roles and proxies, which have no `ON db.table`, are ignored. */
function parse(line: string): Granted[] {
  const [, names, object, rest] = LINE.exec(line) ?? [];
  if (names === undefined || object === undefined || rest === undefined) return [];
  const key = object
    .replaceAll('``', '\0')
    .replaceAll('`', '')
    .replaceAll('\0', '`')
    .replace(/\\([_%\\])/g, '$1');
  const list = split(names).filter((name) => name !== 'USAGE');
  if (/ WITH (.* )?GRANT OPTION/.test(rest)) list.push('GRANT OPTION');
  return list.length > 0 ? [{ object, key, privileges: normal(list, key) }] : [];
}

/** Splits `SELECT (a, b), INSERT` at the commas outside parentheses. */
const split = (names: string) => names.split(/,\s*(?![^(]*\))/);

/** Synonyms in the output of servers. MariaDB 10.5 renamed one and still accepts the old name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'ALL PRIVILEGES': 'ALL',
  'BINLOG MONITOR': 'REPLICATION CLIENT',
};

/** MySQL 8.0 prints ALL on *.* as the list of all static privileges (MySQL manual, "Static Privilege Descriptions"). */
const EVERY =
  'SELECT,INSERT,UPDATE,DELETE,CREATE,DROP,RELOAD,SHUTDOWN,PROCESS,FILE,REFERENCES,INDEX,ALTER,SHOW DATABASES,SUPER,CREATE TEMPORARY TABLES,LOCK TABLES,EXECUTE,REPLICATION SLAVE,REPLICATION CLIENT,CREATE VIEW,SHOW VIEW,CREATE ROUTINE,ALTER ROUTINE,CREATE USER,EVENT,TRIGGER,CREATE TABLESPACE,CREATE ROLE,DROP ROLE'.split(
    ',',
  );

/** Normalises privileges: upper case, without synonyms, one entry for each column. */
function normal(names: readonly string[], key: string): Set<string> {
  const set = new Set(
    names.flatMap((name) => {
      const [, verb = name, columns] = /^(.+?) ?\((.*)\)$/.exec(name) ?? [];
      const word = verb.trim().toUpperCase();
      const known = SYNONYMS[word] ?? word;
      return columns === undefined
        ? [known]
        : columns.split(',').map((column) => `${known} (${identifier(column.trim().replaceAll('`', ''))})`);
    }),
  );
  if (key !== '*.*' || !EVERY.every((name) => set.has(name))) return set;
  return new Set(set.has('GRANT OPTION') ? ['ALL', 'GRANT OPTION'] : ['ALL']);
}

/** In a grant on a whole database, `_` and `%` are wildcards. `_` is escaped here; `%` stays a wildcard. */
function quoted(key: string): string {
  const dot = key.indexOf('.');
  const [database, table] = [key.slice(0, dot), key.slice(dot + 1)];
  if (database === '*') return '*.*';
  if (table !== '*') return `${identifier(database)}.${identifier(table)}`;
  return `${identifier(database.includes('%') ? database : database.replaceAll('_', '\\_'))}.*`;
}
