import t from 'tap';
import { type Grants, grantChanges, shown, statement } from './grants.ts';

/** SHOW GRANTS on MariaDB 10.11 and 11.8, whose output differs only in the order of columns. */
const mariadb = [
  'GRANT `r` TO `u`@`%`',
  'GRANT SELECT, INSERT, FILE, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `u`@`%`',
  'GRANT ALL PRIVILEGES ON `a\\_b`.* TO `u`@`%` WITH GRANT OPTION',
  'GRANT SELECT (`y`, `x`), UPDATE (`x`) ON `a_b`.`t` TO `u`@`%`',
];
/** SHOW GRANTS on MySQL 8.0. */
const mysql = [
  'GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `u`@`10.0.%`',
  'GRANT APPLICATION_PASSWORD_ADMIN,ROLE_ADMIN ON *.* TO `u`@`10.0.%`',
  'GRANT SELECT, INSERT, UPDATE, DELETE ON `theapp`.* TO `u`@`10.0.%`',
  'GRANT EXECUTE ON PROCEDURE `theapp`.`tidy` TO `u`@`10.0.%`',
];
/** SHOW GRANTS for root on MySQL 8.0. */
const root = [
  'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER, SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE, CREATE ROLE, DROP ROLE ON *.* TO `root`@`localhost` WITH GRANT OPTION',
  'GRANT APPLICATION_PASSWORD_ADMIN,XA_RECOVER_ADMIN ON *.* TO `root`@`localhost` WITH GRANT OPTION',
  'GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION',
];
const usage = ['GRANT USAGE ON *.* TO `u`@`localhost`'];
const app = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

t.test('exactly the differences', async (t) => {
  const cases: [string, string[], Grants, string[]][] = [
    ['nothing granted, nothing wanted', usage, {}, []],
    ['no user', [], { 'app.*': ['select'] }, ['GRANT SELECT ON `app`.* TO U;']],
    [
      'as wanted',
      [...usage, 'GRANT SELECT, INSERT ON `app`.* TO `u`@`%`'],
      { 'app.*': ['INSERT', 'SELECT'] },
      [],
    ],
    [
      'one missing',
      ['GRANT SELECT ON `app`.* TO `u`@`%`'],
      { 'app.*': app },
      ['GRANT INSERT, UPDATE, DELETE ON `app`.* TO U;'],
    ],
    [
      'one too many',
      ['GRANT SELECT, DROP ON `app`.* TO `u`@`%`'],
      { 'app.*': ['SELECT'] },
      ['REVOKE DROP ON `app`.* FROM U;'],
    ],
    [
      'ALL is too much',
      ['GRANT ALL PRIVILEGES ON `app`.* TO `u`@`%`'],
      { 'app.*': ['SELECT'] },
      ['REVOKE ALL PRIVILEGES ON `app`.* FROM U;', 'GRANT SELECT ON `app`.* TO U;'],
    ],
    [
      'ALL is wanted',
      ['GRANT SELECT ON `app`.* TO `u`@`%`'],
      { 'app.*': ['ALL PRIVILEGES'] },
      ['GRANT ALL PRIVILEGES ON `app`.* TO U;'],
    ],
    ['ALL is granted', ['GRANT ALL PRIVILEGES ON `app`.* TO `u`@`%`'], { 'app.*': ['ALL'] }, []],
    [
      'GRANT OPTION is too much',
      ['GRANT ALL PRIVILEGES ON `app`.* TO `u`@`%` WITH GRANT OPTION'],
      { 'app.*': ['ALL'] },
      ['REVOKE GRANT OPTION ON `app`.* FROM U;'],
    ],
    [
      'GRANT OPTION is wanted',
      ['GRANT SELECT ON `app`.* TO `u`@`%`'],
      { 'app.*': ['SELECT', 'GRANT OPTION'] },
      ['GRANT USAGE ON `app`.* TO U WITH GRANT OPTION;'],
    ],
    [
      'another database',
      ['GRANT SELECT ON `old`.* TO `u`@`%`'],
      { 'app.*': ['SELECT'] },
      ['REVOKE SELECT ON `old`.* FROM U;', 'GRANT SELECT ON `app`.* TO U;'],
    ],
    ['underscore escaped', ['GRANT SELECT ON `a\\_b`.* TO `u`@`%`'], { 'a_b.*': ['SELECT'] }, []],
    [
      'underscore is literal',
      usage,
      { 'a_b.*': ['SELECT'], 'a_b.t_t': ['SELECT'] },
      ['GRANT SELECT ON `a\\_b`.* TO U;', 'GRANT SELECT ON `a_b`.`t_t` TO U;'],
    ],
    ['a pattern', usage, { 'a_b%.*': ['SELECT'] }, ['GRANT SELECT ON `a_b%`.* TO U;']],
    [
      'global',
      usage,
      { '*.*': ['PROCESS', 'replication client'] },
      ['GRANT PROCESS, REPLICATION CLIENT ON *.* TO U;'],
    ],
    [
      'columns',
      ['GRANT SELECT (`b`, `a`) ON `d`.`t` TO `u`@`%`'],
      { 'd.t': ['SELECT (a, b)', 'UPDATE(a)'] },
      ['GRANT UPDATE (`a`) ON `d`.`t` TO U;'],
    ],
    [
      'MariaDB, as wanted',
      mariadb,
      {
        '*.*': ['SELECT', 'INSERT', 'FILE', 'REPLICATION SLAVE', 'REPLICATION CLIENT'],
        'a_b.*': ['ALL', 'GRANT OPTION'],
        'a_b.t': ['SELECT (x, y)', 'UPDATE (x)'],
      },
      [],
    ],
    [
      'MariaDB, nothing wanted',
      mariadb,
      {},
      [
        'REVOKE SELECT, INSERT, FILE, REPLICATION SLAVE, REPLICATION CLIENT ON *.* FROM U;',
        'REVOKE GRANT OPTION ON `a\\_b`.* FROM U;\nREVOKE ALL PRIVILEGES ON `a\\_b`.* FROM U;',
        'REVOKE SELECT (`y`), SELECT (`x`), UPDATE (`x`) ON `a_b`.`t` FROM U;',
      ],
    ],
    [
      'MySQL, as wanted',
      mysql,
      {
        '*.*': ['REPLICATION SLAVE', 'REPLICATION CLIENT', 'APPLICATION_PASSWORD_ADMIN', 'ROLE_ADMIN'],
        'theapp.*': app,
      },
      ['REVOKE EXECUTE ON PROCEDURE `theapp`.`tidy` FROM U;'],
    ],
    [
      'MySQL, less',
      mysql.slice(2, 3),
      { 'theapp.*': ['SELECT'] },
      ['REVOKE INSERT, UPDATE, DELETE ON `theapp`.* FROM U;'],
    ],
    ['MySQL, ALL globally', root, { '*.*': ['ALL', 'GRANT OPTION'] }, []],
  ];
  for (const [name, lines, wanted, expected] of cases) {
    t.strictSame(
      grantChanges(lines, wanted).map((change) => statement(change, 'U')),
      expected,
      name,
    );
  }
});

t.test('summaries', async (t) => {
  const lines = ['GRANT SELECT, DROP ON `app`.* TO `u`@`%`'];
  const summaries = grantChanges(lines, { 'app.*': ['SELECT', 'UPDATE'] }).map(shown);
  t.strictSame(summaries, ['revoke DROP on app.*', 'grant UPDATE on app.*']);
});
