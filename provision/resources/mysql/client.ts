import { type Script, sh } from '../../shell/sh.ts';
import { withSecrets } from '../content.ts';

/**
 * Runs SQL as root through the server's local socket, with the client of MariaDB or MySQL. The SQL is passed on stdin,
 * so that argv never contains a password. `flags` are additional arguments: `--force`, the name of a database.
 */
export function client(sql: string, secrets: readonly string[] = [], flags: readonly string[] = []): Script {
  const text = `SET SESSION sql_mode = '';\n${sql}`;
  return withSecrets(secrets, sh`printf %s ${text} | ${mysql} ${flags}`);
}

/** The client command, which reads SQL from stdin. */
export const mysql = sh`$(command -v mariadb || echo mysql) --user=root --protocol=socket --connect-timeout=10 --batch --skip-column-names --raw --default-character-set=utf8mb4`;

/** A string literal. Valid only if backslash is an escape character, as in the sql_mode that `client` sets. */
export const literal = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A quoted identifier with any content. */
export const identifier = (name: string) => `\`${name.replaceAll('`', '``')}\``;

/** `'app'@'localhost'` */
export const accountName = (user: string, host: string) => `${literal(user)}@${literal(host)}`;
