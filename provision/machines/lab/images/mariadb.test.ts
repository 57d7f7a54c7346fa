import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { becomeRoot } from '../../../testing.ts';

const skip = becomeRoot();

const files = join(import.meta.dirname, 'files');

/** Passwords with quotes, a backslash that is not an escape, and spaces. */
const [root, user] = [`r'o"o\\t pw`, `\\'; DROP USER root@localhost; -- `];

/**
 * Runs a script in its own namespaces, in which MariaDB's folders are empty and port 3306 is free. The entry point
 * starts as root, as in a container, and uses the MariaDB of this computer.
 */
const world = (script: string) => `set -e
for folder in /var/lib/mysql /run/mysqld /etc/mysql /mnt; do mkdir -p "$folder"; mount -t tmpfs -o mode=755 tmpfs "$folder"; done
ip link set lo up
install -m 755 "$1"/mariadb.sh "$1"/mariadb-health.sh /mnt
printf '%s\\n' "$ROOT_PASSWORD" >/mnt/root
printf '%s\\n' "$USER_PASSWORD" >/mnt/user
chmod 644 /mnt/root /mnt/user
cd /mnt
health() { /mnt/mariadb-health.sh --connect --innodb_initialized >/dev/null 2>&1; }
up() {
/mnt/mariadb.sh --log-bin=/var/lib/mysql/bin --server-id=1 >>/mnt/log 2>&1 &
for i in $(seq 240); do if health; then return 0; fi; sleep 0.5; done
cat /mnt/log >&2
return 1
}
${script}
`;

const inside = (script: string, env: Record<string, string> = {}) =>
  execa(
    'unshare',
    [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      world(script),
      'world',
      files,
    ],
    {
      reject: false,
      timeout: 200_000,
      env: { ROOT_PASSWORD: root, USER_PASSWORD: user, ...env },
    },
  );

t.test('the stack gets its database and users, once', { skip, timeout: 240_000 }, async (t) => {
  const settings = {
    MARIADB_ROOT_PASSWORD_FILE: '/mnt/root',
    MARIADB_DATABASE: 'the_app',
    MARIADB_USER: 'theapp',
    MARIADB_PASSWORD_FILE: '/mnt/user',
    MARIADB_REPLICATION_USER: 'replica',
    MARIADB_REPLICATION_PASSWORD: 'x',
    MARIADB_HEALTHCHECK_GRANTS: 'REPLICA MONITOR',
  };
  const { exitCode, stdout, stderr } = await inside(
    `up
stat -c 'runs as %U' /proc/$(pidof mariadbd)
ask() { MYSQL_PWD=$1 mariadb --host=127.0.0.1 --user="$2" --batch --skip-column-names the_app -e "$3"; }
ask "$USER_PASSWORD" theapp 'CREATE TABLE t (a INT); INSERT INTO t VALUES (42)'
MYSQL_PWD= mariadb --user=root -e 'SELECT 1' 2>&1 | grep -o 'Access denied' || :
ask "$ROOT_PASSWORD" root "SELECT CONCAT(user, '@', host) FROM mysql.user WHERE user NOT IN ('mariadb.sys', 'healthcheck') ORDER BY 1"
if ask "$USER_PASSWORD" theapp 'SELECT * FROM mysql.user' 2>/dev/null; then echo 'sees all users'; fi
ask "$ROOT_PASSWORD" root 'SHOW BINLOG EVENTS' | grep -c healthcheck || :
/mnt/mariadb-health.sh --replication || echo 'is no replica'
kill -TERM $!
wait $! || :
up
ask "$USER_PASSWORD" theapp 'SELECT a FROM t'
grep -c 'the database is initialised' /mnt/log`,
    settings,
  );
  t.equal(exitCode, 0, stderr);
  t.strictSame(stdout.split('\n'), [
    'runs as mysql',
    'Access denied',
    'replica@%',
    'root@%',
    'root@localhost',
    'theapp@%',
    '0',
    'is no replica',
    '42',
    '1',
  ]);
});

t.test('missing and duplicate settings are refused', { skip }, async (t) => {
  const table: [Record<string, string>, RegExp][] = [
    [{}, /set one of MARIADB_ROOT_PASSWORD/],
    [{ MARIADB_ROOT_PASSWORD: 'x', MARIADB_ROOT_PASSWORD_FILE: '/mnt/root' }, /are both set/],
    [{ MARIADB_ROOT_PASSWORD_FILE: '/mnt/nowhere' }, /nowhere/],
  ];
  for (const [settings, expected] of table) {
    const { exitCode, stderr } = await inside('/mnt/mariadb.sh mariadbd', settings);
    t.not(exitCode, 0);
    t.match(stderr, expected, JSON.stringify(settings));
  }
});
