import t from 'tap';
import { isPassword } from './password.ts';

t.test('a password is compared with the stored hash', async (t) => {
  /** The documented example of hashcat's mode 7401. */
  const caching = Buffer.concat([
    Buffer.from('$A$005$'),
    Buffer.from('F9CC98CE08892924F50A213B6BC571A2C11778C5', 'hex'),
    Buffer.from(
      '625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F',
      'hex',
    ),
  ]);
  const native = Buffer.from('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19');
  const cases: [string, string, Buffer, string, boolean][] = [
    ['native', 'mysql_native_password', native, 'password', true],
    ['native, another', 'mysql_native_password', native, 'Password', false],
    ['native, none', 'mysql_native_password', Buffer.from(''), 'password', false],
    ['native, locked', 'mysql_native_password', Buffer.from('invalid'), 'password', false],
    ['caching_sha2', 'caching_sha2_password', caching, 'hashcat', true],
    ['caching_sha2, another', 'caching_sha2_password', caching, 'hashcat1', false],
    ['caching_sha2, none', 'caching_sha2_password', Buffer.from(''), '', false],
    ['a socket', 'unix_socket', Buffer.from(''), '', false],
  ];
  for (const [name, plugin, kept, password, expected] of cases) {
    t.equal(isPassword(plugin, kept, password), expected, name);
  }
});
