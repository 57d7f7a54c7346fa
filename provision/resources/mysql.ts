import type { Artefact } from '../language/artefact.ts';
import { batched, type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { reveal, type Secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { checkSha256, uploading } from './artefact.ts';
import { word } from './check.ts';
import { changeOf } from './draft.ts';
import { accountName, client, mysql as command, identifier, literal } from './mysql/client.ts';
import { type Grants, grantChanges, shown, statement } from './mysql/grants.ts';
import { isPassword } from './mysql/password.ts';
import { type MysqlState, mysqlState } from './mysql/state.ts';

export interface DatabaseOptions extends Notify {
  /** Default: utf8mb4. */
  charset?: string;
  /** Default: the default collation of the character set. */
  collation?: string;
}

/** A database on the host's MariaDB or MySQL server. */
function present(name: string, options: DatabaseOptions = {}): Resource<MysqlState> {
  const place = `mysql.database ${named('mysql.database', name)}`;
  const charset = word(place, options.charset ?? 'utf8mb4', /^\w+$/, 'a character set');
  const collation = options.collation && word(place, options.collation, /^\w+$/, 'a collation');
  const collate = collation ? ` COLLATE ${collation}` : '';
  const plan = (state: MysqlState): Change[] => {
    const sql = (verb: string) => client(`${verb} ${identifier(name)} CHARACTER SET ${charset}${collate};`);
    if (!state.exists) return [{ summary: 'create', script: sql('CREATE DATABASE') }];
    const drift = [
      ...(state.charset === charset ? [] : [`character set ${state.charset} → ${charset}`]),
      ...(!collation || state.collation === collation ? [] : [`collation ${state.collation} → ${collation}`]),
    ];
    return drift.length > 0 ? [{ summary: changeOf(drift), script: sql('ALTER DATABASE') }] : [];
  };
  return {
    kind: 'mysql.database',
    name,
    probe: batched(mysqlState, { database: name }),
    plan,
    ...notified(options),
  };
}

/** Drops a database with all its data. */
function databaseAbsent(name: string, options: Notify = {}): Resource<MysqlState> {
  named('mysql.database.absent', name);
  const drop = client(`DROP DATABASE IF EXISTS ${identifier(name)};`);
  return {
    kind: 'mysql.database.absent',
    name,
    probe: batched(mysqlState, { database: name }),
    plan: ({ exists }) => (exists ? [{ summary: 'drop, with all its data', script: drop }] : []),
    ...notified(options),
  };
}

export interface MysqlUserOptions extends Notify {
  /** The host from which the user may connect; default: localhost. */
  host?: string;
  password: Secret;
  /** Exactly these privileges; all others are revoked. `_` in a database name is not a wildcard. */
  grants?: Grants;
}

/** A user with a password and exactly these privileges. Its roles are not changed. */
function userPresent(name: string, options: MysqlUserOptions): Resource<MysqlState> {
  const { host = 'localhost', password, grants = {} } = options;
  const account = accountOf('mysql.user', name, host);
  const place = `mysql.user ${name}@${host}`;
  for (const [key, list] of Object.entries(grants)) {
    word(place, key, /^(\*\.\*|[^.*`]+\.(\*|[^.*`]+))$/, 'privileges on *.*, DATABASE.* or DATABASE.TABLE');
    for (const privilege of list) word(place, privilege, /^[A-Za-z_ ]+(\([\w, ]+\))?$/, 'a privilege');
  }
  const hidden = reveal(password);
  const sql = (text: string) => client(text, [hidden]);
  const plan = (state: MysqlState): Change[] => {
    const differences = grantChanges(state.grants, grants);
    const identified = `${account} IDENTIFIED BY ${literal(hidden)};`;
    const changes: Change[] = [];
    if (!state.exists) changes.push({ summary: 'create', script: sql(`CREATE USER ${identified}`) });
    else if (!isPassword(state.plugin ?? '', state.hash ?? Buffer.alloc(0), hidden)) {
      changes.push({ summary: 'change the password', script: sql(`ALTER USER ${identified}`) });
    }
    if (differences.length > 0) {
      const text = differences.map((difference) => statement(difference, account)).join('\n');
      changes.push({ summary: differences.map(shown).join(', '), script: sql(text) });
    }
    return changes;
  };
  const probe = batched(mysqlState, { user: name, host });
  return { kind: 'mysql.user', name: `${name}@${host}`, probe, plan, ...notified(options) };
}

function userAbsent(name: string, options: Notify & { host?: string } = {}): Resource<MysqlState> {
  const { host = 'localhost' } = options;
  const drop = client(`DROP USER ${accountOf('mysql.user.absent', name, host)};`);
  return {
    kind: 'mysql.user.absent',
    name: `${name}@${host}`,
    probe: batched(mysqlState, { user: name, host }),
    plan: ({ exists }) => (exists ? [{ summary: 'drop', script: drop }] : []),
    ...notified(options),
  };
}

export interface ImportOptions extends Notify {
  /** A query that returns a row once the import is done. Query what the file creates last. */
  unless: string;
}

/** Runs the SQL in a local file (`.gz` is decompressed) once in a database, unless `unless` returns a row. */
function imported(database: string, source: Artefact, options: ImportOptions): Resource<Seen> {
  checkSha256(`mysql.import ${named('mysql.import', database)}`, source);
  const to = `/root/.${database}.provision-upload`;
  const read = source.file.endsWith('.gz') ? sh`gzip -dc -- ${to}` : sh`cat -- ${to}`;
  const script = sh`${read} | ${command} ${database}`;
  return {
    kind: 'mysql.import',
    name: database,
    probe: {
      script: sh`${client(options.unless, [], [database])} 2>/dev/null || :`,
      read: (seen) => seen,
    },
    plan: ({ stdout }) => (stdout.trim() === '' ? [uploading('import', source, to, script)] : []),
    timeout: 3600,
    ...notified(options),
  };
}

/** Databases, users and imports, as root through the local socket. If the server does not answer, all are pending. */
export const mysql = {
  database: Object.assign(present, { absent: databaseAbsent }),
  user: Object.assign(userPresent, { absent: userAbsent }),
  import: imported,
};

const named = (kind: string, name: string) =>
  word(`${kind} ${name}`, name, /^[A-Za-z0-9][\w$-]{0,63}$/, 'a name of letters, digits, "_", "$" and "-"');

function accountOf(kind: string, name: string, host: string): string {
  word(`${kind} ${name}`, name, /^[\w.-]{1,32}$/, 'a user name of letters, digits, "_", "." and "-"');
  word(`${kind} ${name}`, host, /^[\w.:%/-]{1,255}$/, 'a host name, an address or "%"');
  return accountName(name, host);
}
