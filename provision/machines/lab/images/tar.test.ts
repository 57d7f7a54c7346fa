import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { tar } from './tar.ts';

const list = async (folder: string, archive: Buffer) => {
  const file = join(folder, 'a.tar');
  writeFileSync(file, archive);
  const words = ['--list', '--verbose', '--numeric-owner', '--full-time', '--utc', '--file', file];
  const { stdout } = await execa('tar', words, { env: { LC_ALL: 'C' } });
  return stdout.split('\n').map((line) => line.replace(/ +/g, ' '));
};

t.test('GNU tar reads what was written', async (t) => {
  const made = tar([
    { path: 'etc/passwd', content: 'root\n' },
    { path: 'bin/é', content: 'x'.repeat(513), mode: 0o755 },
    { path: 'data/', owner: 999 },
    { path: 'run/x/', mode: 0o1777, owner: 11211 },
    { path: 'bin/to', link: '/usr/bin/from' },
    { path: 'empty' },
  ]);
  t.equal(made.length % 512, 0);
  t.strictSame(await list(t.testdir(), made), [
    '-rw-r--r-- 0/0 5 1980-01-01 00:00:00 etc/passwd',
    '-rwxr-xr-x 0/0 513 1980-01-01 00:00:00 bin/\\303\\251',
    'drwxr-xr-x 999/999 0 1980-01-01 00:00:00 data/',
    'drwxrwxrwt 11211/11211 0 1980-01-01 00:00:00 run/x/',
    'lrwxrwxrwx 0/0 0 1980-01-01 00:00:00 bin/to -> /usr/bin/from',
    '-rw-r--r-- 0/0 0 1980-01-01 00:00:00 empty',
  ]);
});

t.test('contents come back byte for byte', async (t) => {
  const folder = t.testdir();
  const content = Buffer.from([0, 255, 10, 13, 39]);
  writeFileSync(join(folder, 'a.tar'), tar([{ path: 'a', content }]));
  const { stdout } = await execa('tar', ['-xOf', join(folder, 'a.tar'), 'a'], {
    encoding: 'buffer',
    stripFinalNewline: false,
  });
  t.ok(content.equals(Buffer.from(stdout)));
});

t.test('a path that does not fit is refused', async (t) => {
  t.throws(() => tar([{ path: 'x'.repeat(101) }]), /too long/);
});
