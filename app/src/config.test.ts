import { join } from 'node:path';
import t from 'tap';
import { ConfigError, readConfig } from './config.ts';

const folder = t.testdir({
  pass: 'from-file\n',
  dos: 'from-file\r\n',
  blanks: ' a b \n',
  empty: '\n',
  lines: 'one\ntwo\n',
});
const pass = { MYSQL_PASS: 'secret-word' };
const file = (name: string) => join(folder, name);

t.test('reads and converts the variables', async (t) => {
  const cases: [string, Record<string, string>, Record<string, unknown>][] = [
    ['defaults', pass, { HOST: '127.0.0.1', PORT: 3000, MYSQL_PORT: 3306, MYSQL_DATABASE: 'theapp' }],
    ['numbers', { ...pass, PORT: '0', DRAIN_SECONDS: '30' }, { PORT: 0, DRAIN_SECONDS: 30 }],
    ['an empty variable counts as unset', { ...pass, PORT: '', MYSQL_SOCKET: '' }, { PORT: 3000 }],
    ['other variables are ignored', { ...pass, MYSQL_HOME: '/x', PATH: '/bin' }, { PORT: 3000 }],
    ['a secret from the variable itself', { MYSQL_PASS: ' as it is\n' }, { MYSQL_PASS: ' as it is\n' }],
    ['a secret from a file', { MYSQL_PASS_FILE: file('pass') }, { MYSQL_PASS: 'from-file' }],
    ['a secret file written on Windows', { MYSQL_PASS_FILE: file('dos') }, { MYSQL_PASS: 'from-file' }],
    ['spaces are part of a secret', { MYSQL_PASS_FILE: file('blanks') }, { MYSQL_PASS: ' a b ' }],
    [
      'a file, with the variable itself empty',
      { MYSQL_PASS: '', MYSQL_PASS_FILE: file('pass') },
      { MYSQL_PASS: 'from-file' },
    ],
    [
      'a socket needs no password',
      { MYSQL_SOCKET: '/run/s' },
      { MYSQL_SOCKET: '/run/s', MYSQL_PASS: undefined },
    ],
    [
      'lists',
      { ...pass, REDIS_SENTINELS: 'a:26379,[fd00::1]:1', VHOSTS: 'A.example.org=todos,b=counter' },
      {
        REDIS_SENTINELS: [
          { host: 'a', port: 26379 },
          { host: 'fd00::1', port: 1 },
        ],
        VHOSTS: [
          { name: 'a.example.org', service: 'todos' },
          { name: 'b', service: 'counter' },
        ],
        MEMCACHED_SERVERS: [{ host: '127.0.0.1', port: 11211 }],
      },
    ],
    ['every secret from a file', { ...pass, REDIS_PASS_FILE: file('pass') }, { REDIS_PASS: 'from-file' }],
  ];
  for (const [name, environment, expected] of cases) t.match(readConfig(environment), expected, name);
});

t.test('rejects invalid configurations', async (t) => {
  const missing = 'MYSQL_PASS: missing; set MYSQL_PASS_FILE to a file with the password, or set MYSQL_PASS';
  const ports = 'expected a whole number from 0 to 65535';
  const cases: [Record<string, string>, ...string[]][] = [
    [{}, missing],
    [{ ...pass, PORT: 'x' }, `PORT: ${ports}, found "x"`],
    [{ ...pass, PORT: '65536' }, `PORT: ${ports}, found "65536"`],
    [{ ...pass, PORT: '-1' }, `PORT: ${ports}, found "-1"`],
    [{ ...pass, PORT: '1e3' }, `PORT: ${ports}, found "1e3"`],
    [{ ...pass, PORT: '80.5' }, `PORT: ${ports}, found "80.5"`],
    [{ ...pass, PORT: ' 80' }, `PORT: ${ports}, found " 80"`],
    [
      { ...pass, MYSQL_PORT: 'tcp://10.0.0.1:3306' },
      'MYSQL_PORT: expected a whole number from 1 to 65535, found "tcp://10.0.0.1:3306"',
    ],
    [
      { ...pass, LOG_LEVEL: 'loud' },
      'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, found "loud"',
    ],
    [{ ...pass, MYSQL_HOST: 'a b' }, 'MYSQL_HOST: expected an address or a host name, found "a b"'],
    [
      { ...pass, MYSQL_DATABASE: 'a`b' },
      'MYSQL_DATABASE: expected 1 to 64 letters, digits or underscores, found "a`b"',
    ],
    [{ MYSQL_SOCKET: 'run/s' }, 'MYSQL_SOCKET: expected the absolute path of a socket, found "run/s"'],
    [
      { MYSQL_SOCKET: '/run/s', MYSQL_HOST: 'db' },
      'MYSQL_HOST: MYSQL_SOCKET is set as well; set only one of them',
    ],
    [
      { ...pass, MYSQL_PASS_FILE: file('pass') },
      'MYSQL_PASS: MYSQL_PASS_FILE is set as well; set only one of them',
    ],
    [
      { MYSQL_PASS_FILE: file('nowhere') },
      `MYSQL_PASS_FILE: cannot read the file "${file('nowhere')}": there is no such file`,
    ],
    [{ MYSQL_PASS_FILE: folder }, `MYSQL_PASS_FILE: cannot read the file "${folder}": it is a directory`],
    [
      { MYSQL_PASS_FILE: file('empty') },
      `MYSQL_PASS_FILE: expected a file with the secret, but "${file('empty')}" is empty`,
    ],
    [
      { MYSQL_PASS_FILE: file('lines') },
      `MYSQL_PASS_FILE: expected a file with one line, but "${file('lines')}" has several`,
    ],
    [
      { ...pass, REDIS_SENTINELS: 'db:26379', REDIS_HOST: 'db' },
      'REDIS_HOST: REDIS_SENTINELS is set as well; set only one of them',
    ],
    [
      { ...pass, MEMCACHED_SERVERS: 'a,b:0,::1:11211' },
      'MEMCACHED_SERVERS: expected host:port, found "a"',
      'MEMCACHED_SERVERS: expected host:port, found "b:0"',
      'MEMCACHED_SERVERS: expected host:port, found "::1:11211"',
    ],
    [
      { ...pass, VHOSTS: 'a=todos,A=counter,b=x,=todos' },
      'VHOSTS: expected the name a only once, found "A=counter"',
      'VHOSTS: expected a service, one of greeting, birthdays, pokedex, counter, todos, found "b=x"',
      'VHOSTS: expected name=service, found "=todos"',
    ],
    [
      { PORT: 'x', DRAIN_SECONDS: '601' },
      missing,
      `PORT: ${ports}, found "x"`,
      'DRAIN_SECONDS: expected a whole number from 0 to 600, found "601"',
    ],
  ];
  for (const [environment, ...expected] of cases) {
    const error = thrownBy(() => readConfig(environment));
    t.strictSame(error instanceof ConfigError && error.problems, expected, expected.join('; '));
    t.notMatch(`${error}`, /secret-word|from-file/, 'no secret in the message');
  }
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
