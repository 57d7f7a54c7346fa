import type { Batch } from '../../language/resource.ts';
import type { Seen } from '../../shell/exchange.ts';
import type { Script } from '../../shell/sh.ts';
import { sh } from '../../shell/sh.ts';
import { accountName, client, literal } from './client.ts';

export type MysqlQuery = { readonly database: string } | { readonly user: string; readonly host: string };

/** The state of a database or user. If the server does not answer, nothing exists. */
export interface MysqlState {
  readonly exists: boolean;
  /** For a database. */
  readonly charset?: string;
  readonly collation?: string;
  /** For a user: the authentication plugin and the stored password hash. */
  readonly plugin?: string;
  readonly hash?: Buffer;
  /** For a user: the lines of SHOW GRANTS, without the password hash. */
  readonly grants: readonly string[];
}

/** Probes all databases and users of one exchange with one run of the client. */
export const mysqlState: Batch<MysqlQuery, MysqlState> = { name: 'mysql', script, read };

/** SHOW GRANTS fails for a user that does not exist; `--force` continues with the next query. */
function script(queries: readonly MysqlQuery[]): Script {
  const sql = queries.map((query, i) => `SELECT '#${i}';\n${ask(query)}\n`).join('');
  return sh`${client(sql, [], ['--force'])} 2>/dev/null || :`;
}

function ask(query: MysqlQuery): string {
  if ('database' in query) {
    return `SELECT 'database', default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(query.database)};`;
  }
  const { user, host } = query;
  return `SELECT 'user', plugin, HEX(authentication_string) FROM mysql.user WHERE user = ${literal(user)} AND host = ${literal(host)};
SHOW GRANTS FOR ${accountName(user, host)};`;
}

function read({ stdout }: Seen, queries: readonly MysqlQuery[]): MysqlState[] {
  const states: MysqlState[] = queries.map(() => ({ exists: false, grants: [] }));
  let at = -1;
  for (const line of stdout.split('\n')) {
    const state = states[at];
    if (/^#\d+$/.test(line)) at = Number(line.slice(1));
    else if (state) states[at] = { ...state, ...parseLine(line, state) };
  }
  return states;
}

function parseLine(line: string, { grants }: MysqlState): Partial<MysqlState> {
  const [kind, one = '', two = ''] = line.split('\t');
  if (kind === 'database') return { exists: true, charset: one, collation: two };
  if (kind === 'user') return { exists: true, plugin: one, hash: Buffer.from(two, 'hex') };
  if (!line.startsWith('GRANT ')) return {};
  return {
    grants: [...grants, line.replace(/ IDENTIFIED (BY PASSWORD|VIA|WITH) .*?(?= REQUIRE | WITH |$)/, '')],
  };
}
