import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { startMariadb } from '../../testing/servers/mariadb.ts';
import type { Resource } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { secret } from '../shell/secret.ts';
import { applyOnce, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { type MysqlState, mysqlState } from './mysql/state.ts';
import { mysql } from './mysql.ts';

const skip = becomeRoot();

t.test('plan', async (t) => {
  const password = secret('password');
  const hex = Buffer.from('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19').toString('hex').toUpperCase();
  const user = `#0\nuser\tmysql_native_password\t${hex}\nGRANT SELECT ON *.* TO \`u\`@\`%\` IDENTIFIED BY PASSWORD '*2470' REQUIRE SSL\n`;
  const database = '#0\ndatabase\tutf8mb4\tutf8mb4_0900_ai_ci\n';
  const cases: [string, Resource<MysqlState>, string, string[]][] = [
    ['no reply', mysql.database('app'), '', ['create']],
    ['no database', mysql.database('app'), '#0\n', ['create']],
    ['database', mysql.database('app'), database, []],
    [
      'charset',
      mysql.database('app', { charset: 'latin1' }),
      database,
      ['change character set utf8mb4 → latin1'],
    ],
    [
      'collation',
      mysql.database('app', { collation: 'utf8mb4_bin' }),
      database,
      ['change collation utf8mb4_0900_ai_ci → utf8mb4_bin'],
    ],
    ['drop', mysql.database.absent('app'), database, ['drop, with all its data']],
    ['nothing to drop', mysql.database.absent('app'), '#0\n', []],
    [
      'no user',
      mysql.user('app', { password, grants: { 'app.*': ['ALL'] } }),
      '#0\n',
      ['create', 'grant ALL on app.*'],
    ],
    ['user', mysql.user('app', { password, grants: { '*.*': ['SELECT'] } }), user, []],
    [
      'other password',
      mysql.user('app', { password: secret('x'), grants: { '*.*': ['SELECT'] } }),
      user,
      ['change the password'],
    ],
    ['too many privileges', mysql.user('app', { password }), user, ['revoke SELECT on *.*']],
    ['user to drop', mysql.user.absent('app'), user, ['drop']],
    ['no user to drop', mysql.user.absent('app'), '', []],
  ];
  for (const [name, resource, stdout, expected] of cases) {
    const state = mysqlState.read({ code: 0, stdout, stderr: '' }, [{ database: '' }])[0] as MysqlState;
    t.strictSame(
      resource.plan(state).map(({ summary }) => summary),
      expected,
      name,
    );
    t.notMatch(state.grants.join(), /2470/, 'the grants contain no password hash');
  }
});

t.test('invalid input', async (t) => {
  const password = secret('x');
  for (const name of ['', 'a b', 'a`b', '-x', '../x'])
    t.throws(() => mysql.database(name), /expected a name/, name);
  t.throws(() => mysql.user('', { password }), /expected a user name/);
  t.throws(() => mysql.user('a', { password, host: "x'" }), /expected a host name/);
  t.throws(() => mysql.user('a', { password, grants: { app: ['SELECT'] } }), /expected privileges on/);
  t.throws(
    () => mysql.user('a', { password, grants: { 'app.*': ['SELECT; DROP'] } }),
    /expected a privilege/,
  );
  t.throws(
    () => mysql.import('app', { version: '1', file: 'x', sha256: 'x', bytes: 1 }, { unless: 'SELECT 1' }),
    /64 lower-case hex/,
  );
});

t.test('a real MariaDB', { skip }, async (t) => {
  const server = await startMariadb();
  t.teardown(() => server.stop());
  const dir = t.testdir({ '.my.cnf': `[client]\nsocket=${server.socket}\n` });
  const shell = localShell(['env', `HOME=${dir}`, 'sh']);
  t.teardown(() => shell.close());
  const password = secret(`it's "a" \\ \`pass\` %word;`);
  const apply = async (resource: Resource<MysqlState>) =>
    (await applyOnce(resource, shell)).map(({ summary }) => summary).join('; ');
  const user = (grants = {}, more = {}) => mysql.user('web', { password, grants, ...more });

  const cases: [Resource<MysqlState>, string][] = [
    [mysql.database('my_shop'), 'create'],
    [mysql.database('my_shop', { charset: 'latin1' }), 'change character set utf8mb4 → latin1'],
    [user({ 'my_shop.*': ['SELECT', 'INSERT'] }), 'create; grant SELECT, INSERT on my_shop.*'],
    [user({ 'my_shop.*': ['SELECT', 'UPDATE'] }), 'revoke INSERT on my_shop.*, grant UPDATE on my_shop.*'],
    [
      user({ 'my_shop.*': ['ALL', 'GRANT OPTION'], '*.*': ['REPLICATION CLIENT'] }),
      'grant ALL, GRANT OPTION on my_shop.*, grant REPLICATION CLIENT on *.*',
    ],
    [
      user({ 'my_shop.*': ['SELECT'] }),
      'revoke REPLICATION CLIENT on *.*, revoke ALL, GRANT OPTION on my_shop.*, grant SELECT on my_shop.*',
    ],
    [user({ '*.*': ['ALL'] }), 'revoke SELECT on my_shop.*, grant ALL on *.*'],
    [user(), 'revoke ALL on *.*'],
    [user({}, { host: '10.0.%' }), 'create'],
    [user({}, { password: secret('another') }), 'change the password'],
    [mysql.user.absent('web'), 'drop'],
    [mysql.user.absent('web'), ''],
  ];
  for (const [resource, expected] of cases) {
    t.equal(await apply(resource), expected, `${resource.kind} ${resource.name}: ${expected}`);
  }
  const seen = { kind: 'mysql', name: '', probe: user({}, { host: '10.0.%' }).probe, plan: () => [] };
  t.strictSame(await pending(seen, shell), []);

  const sql = "CREATE TABLE t (x TEXT);\nINSERT INTO t VALUES ('ünï');\n";
  writeFileSync(`${dir}/x.sql`, sql);
  const sha256 = createHash('sha256').update(sql).digest('hex');
  const source = { version: '1', file: `${dir}/x.sql`, sha256, bytes: Buffer.byteLength(sql) };
  const imported = mysql.import('my_shop', source, { unless: 'SELECT 1 FROM t' });
  t.strictSame(
    (await applyOnce(imported, shell)).map(({ summary }) => summary),
    ['import'],
  );
  t.strictSame(await pending(imported, shell), []);
  t.notOk(existsSync('/root/.my_shop.provision-upload'));
  t.equal(await apply(mysql.database.absent('my_shop')), 'drop, with all its data');
  t.match(
    await pending(imported, shell),
    [{ summary: 'import' }],
    'without the database the import is pending',
  );
  await server.kill();
  t.match(await pending(user(), shell), [{ summary: 'create' }], 'a server that is down');
  await t.rejects(apply(user()), /Can't connect to local server/);
});
