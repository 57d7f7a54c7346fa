import { absent, apt, command, file, handler, mysql, role, service, sh } from '../../provision/index.ts';
import { vars } from './vars.ts';

/** The server's own names for things, which differ between the two. */
const flavours = {
  mariadb: {
    server: 'mariadb-server',
    unit: 'mariadb',
    config: '/etc/mysql/mariadb.conf.d/90-provision.cnf',
  },
  mysql: { server: 'mysql-server', unit: 'mysql', config: '/etc/mysql/mysql.conf.d/zz-provision.cnf' },
} as const;

const restart = (unit: string) => handler(`restart ${unit}`, sh`systemctl restart ${unit}`);

/** One database server, root over its socket only, one database and a user that may use it and nothing else. */
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

/** What mysql_secure_installation does: nobody without a name, root from nowhere else, no database for all. */
function hardened(unit: string) {
  const strangers = `FROM mysql.user WHERE User = '' OR (User = 'root' AND Host NOT IN ('localhost', '127.0.0.1', '::1'))`;
  const doors = `SELECT (SELECT COUNT(*) ${strangers}) + (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'test')`;
  const drop = `SELECT CONCAT('DROP USER ', QUOTE(User), '@', QUOTE(Host), ';') ${strangers}`;
  return command(`close ${unit} to strangers`, {
    unless: sh`[ "$(printf %s ${doors} | $(command -v mariadb || echo mysql) -N 2>&1)" = 0 ]`,
    run: sh`client=$(command -v mariadb || echo mysql)
printf %s ${drop} | $client -N | $client
echo 'DROP DATABASE IF EXISTS test' | $client`,
  });
}

/** What the application does and what its migrations do; nothing of the server, nothing that can be granted on. */
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
