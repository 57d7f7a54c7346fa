import { absent, apt, command, file, handler, mysql, role, service, sh } from '../../provision/index.ts';
import { vars } from './vars.ts';

/** Packages, units and paths, which differ between MariaDB and MySQL. */
const flavours = {
  mariadb: {
    server: 'mariadb-server',
    unit: 'mariadb',
    config: '/etc/mysql/mariadb.conf.d/90-provision.cnf',
  },
  mysql: { server: 'mysql-server', unit: 'mysql', config: '/etc/mysql/mysql.conf.d/zz-provision.cnf' },
} as const;

const restart = (unit: string) => handler(`restart ${unit}`, sh`systemctl restart ${unit}`);

/** A database server with one database and a user that has access to nothing else. root can only use the socket. */
export const mariadb = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts, template }) => {
    const { server, unit, config } = flavours[vars.flavour];
    const pool_mb = vars.innodb_buffer_pool_mb ?? Math.max(64, Math.floor(facts.memory / 4));
    return [
      apt.packages([server]),
      file(config, { content: template('server.cnf.hbs', { pool_mb }), notify: restart(unit) }),
      service(unit),
      hardened(unit),
      mysql.database(vars.database, { charset: 'utf8mb4' }),
      mysql.user(vars.user, {
        host: vars.user_host,
        password: vars.password,
        grants: { [`${vars.database}.*`]: RIGHTS },
      }),
    ];
  },
  remove: ({ vars, purge }) => {
    const { server, config } = flavours[vars.flavour];
    return [
      file.absent(config),
      apt.absent([server, `${server}-core`, `${vars.flavour}-client`, `${vars.flavour}-client-core`]),
      ...(purge ? [absent('/var/lib/mysql')] : []),
    ];
  },
});

/** Like mysql_secure_installation: no anonymous users, no remote root, no test database. */
function hardened(unit: string) {
  const insecure = `FROM mysql.user WHERE User = '' OR (User = 'root' AND Host NOT IN ('localhost', '127.0.0.1', '::1'))`;
  const count = `SELECT (SELECT COUNT(*) ${insecure}) + (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'test')`;
  const drop = `SELECT CONCAT('DROP USER ', QUOTE(User), '@', QUOTE(Host), ';') ${insecure}`;
  return command(`secure ${unit}`, {
    unless: sh`[ "$(printf %s ${count} | $(command -v mariadb || echo mysql) -N 2>&1)" = 0 ]`,
    run: sh`client=$(command -v mariadb || echo mysql)
printf %s ${drop} | $client -N | $client
echo 'DROP DATABASE IF EXISTS test' | $client`,
  });
}

/** What the application and its migrations need: no administrative privileges, and no right to grant. */
const RIGHTS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'ALTER',
  'INDEX',
  'DROP',
  'REFERENCES',
] as const;
