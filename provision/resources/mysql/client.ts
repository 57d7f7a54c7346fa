import { type Script, sh } from '../../shell/sh.ts';
import { hiding } from '../content.ts';

/**
 * Runs SQL as root through the server's own socket, with MariaDB's client or MySQL's. The SQL comes on stdin, so no
 * password is ever in argv. `flags` follow the usual ones: `--force`, the name of a database.
 */
export function client(sql: string, secrets: readonly string[] = [], flags: readonly string[] = []): Script {
  const text = `SET SESSION sql_mode = '';\n${sql}`;
  return hiding(secrets, sh`printf %s ${text} | ${mysql} ${flags}`);
}

/** The command alone, to be given its SQL on stdin. */
export const mysql = sh`$(command -v mariadb || echo mysql) --user=root --protocol=socket --connect-timeout=10 --batch --skip-column-names --raw --default-character-set=utf8mb4`;

/** A string literal; only valid while backslash escapes, as in the sql_mode that `client` sets. */
export const literal = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** An identifier, whatever stands in it. */
export const identifier = (name: string) => `\`${name.replaceAll('`', '``')}\``;

/** `'app'@'localhost'` */
export const accountName = (user: string, host: string) => `${literal(user)}@${literal(host)}`;
