import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { mountsBelow } from '../../computer/contained.ts';
import { withLock } from '../../computer/lock.ts';
import { isFree, requireFree, userOf } from '../../computer/ports.ts';
import { outOfSpace, requireSpace } from '../../computer/space.ts';
import { folderOf, machineFolders } from '../lab/folders.ts';
import { parseUsernet } from './forwarding.ts';
import { processOf, requireAlive, serial } from './process.ts';
import { machinesOf } from './state.ts';

// How the lab uses the computer it runs on: processes, ports, disk space, locks.

t.test('a stale pid file is ignored', async (t) => {
  const folder = t.testdir({});
  t.equal(processOf(folder), undefined, 'no pid file');
  for (const pid of ['', 'x', '0', '-1', '999999999', String(process.pid)]) {
    writeFileSync(join(folder, 'pid'), `${pid}\n`);
    t.equal(processOf(folder), undefined, `pid file with "${pid}"`);
  }
});

t.test('the process that writes its pid to the folder is the emulator', async (t) => {
  const folder = t.testdir({});
  const child = spawn('sh', ['-c', 'read line', 'sh', join(folder, 'pid')]);
  await once(child, 'spawn');
  writeFileSync(join(folder, 'pid'), `${child.pid}\n`);
  t.equal(processOf(folder), child.pid);
  child.stdin.end();
  await once(child, 'exit');
  t.equal(processOf(folder), undefined);
});

t.test('a kernel panic on the serial console fails immediately, with the last lines', async (t) => {
  const words = 'one\r\n\u001b[0;31mtwo\u001b[0m\r\n[ 1.0] Kernel panic - not syncing: Fatal exception\r\n';
  const folder = t.testdir({ 'serial.log': words });
  t.equal(serial(folder), 'one\ntwo\n[ 1.0] Kernel panic - not syncing: Fatal exception\n');
  t.throws(() => requireAlive('vm', folder), {
    kind: 'failed',
    message: 'vm: the kernel of the machine panicked',
  });
  const quiet = t.testdir({ 'serial.log': 'Debian GNU/Linux 13\n' });
  t.throws(() => requireAlive('vm', quiet), { message: 'vm: QEMU exited' });
});

t.test('a port in use: the error names the program that uses it, and what to do', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  t.match(userOf(port), new RegExp(`node \\(process ${process.pid}\\)`));
  const error: unknown = await requireFree('vm', 'approach_0', [port]).catch((error) => error);
  t.match(error, {
    kind: 'failed',
    message: new RegExp(
      `^vm: port ${port} of this computer cannot be forwarded: .*node \\(process ${process.pid}\\)`,
    ),
    parts: { todo: /approaches\/approach_0\/machines\.yml$/ },
  });
  server.close();
  await once(server, 'close');
  t.equal(await isFree(port), true);
  await requireFree('vm', 'approach_0', [port]);
});

t.test('forwarded ports are parsed from the output of QEMU', async (t) => {
  const table = `Hub -1 (user):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   21       127.0.0.1 40331       10.0.2.15    22     0     0
  TCP[HOST_FORWARD]  12       127.0.0.1  8080       10.0.2.15    80     0     0
  TCP[HOST_FORWARD]  11       127.0.0.1 40331       10.0.2.15    22     0     0
  UDP[236 sec]       27       10.0.2.15 41208        10.0.2.3    53     0     0
`;
  t.strictSame(parseUsernet(table), { 22: 40331, 80: 8080 });
});

t.test('one run at a time; a killed one releases the lock', async (t) => {
  const folder = t.testdir({});
  const order: string[] = [];
  const lines: string[] = [];
  const first = withLock(
    folder,
    'bringing up x',
    () => {},
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      order.push('first');
    },
  );
  const second = withLock(
    folder,
    'taking down x',
    (line) => lines.push(line),
    async () => order.push('second'),
  );
  await Promise.all([first, second]);
  t.strictSame(order, ['first', 'second']);
  t.match(lines.at(-1), /^waiting/);
  await t.rejects(
    withLock(
      folder,
      'failing',
      () => {},
      () => Promise.reject(new Error('no')),
    ),
    { message: 'no' },
  );

  const script = `import { withLock } from '${join(import.meta.dirname, '../../computer/lock.ts')}';
    await withLock(process.argv[1], 'hanging', () => {}, async () => { console.log('held'); await new Promise((r) => setTimeout(r, 60000)); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const refused: unknown = await withLock(
    folder,
    'x',
    () => {},
    async () => {},
    0.1,
  ).catch((error) => error);
  t.match(refused, {
    kind: 'failed',
    message: new RegExp(`another run \\(process ${child.pid}\\) has been hanging for 0.1 s`),
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(
    await withLock(
      folder,
      'x',
      () => {},
      async () => 'free',
    ),
    'free',
  );
});

t.test('a full disk is reported before the work starts, and if the work fails', async (t) => {
  const folder = t.testdir({});
  requireSpace(folder, 0, 'nothing');
  t.throws(() => requireSpace(folder, 1e9, 'an image'), {
    kind: 'failed',
    message: /not enough disk space for an image: 1000000000 GB needed, [\d.]+ GB free/,
  });
  const said = 'cp: one\ntar: x: Cannot write: No space left on device\n';
  t.match(outOfSpace(said, folder), { message: /the disk is full/, parts: { said: /^tar/ } });
  t.equal(outOfSpace('permission denied', folder), undefined);
});

t.test('a draft is never removed through a mount', async (t) => {
  const folder = '/lab/images/debian-13.draft';
  const row = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext3 /dev/root rw`;
  const rows = ['/', folder, `${folder}/tmp/x\\040y/sys`, `${folder}er/sys`, '/lab'].map(row).join('\n');
  t.strictSame(mountsBelow(folder, rows), [`${folder}/tmp/x y/sys`]);
  t.strictSame(mountsBelow(folder, ''), []);
});

t.test('the name of a lab must be a valid folder name', async (t) => {
  for (const name of ['../x', 'a/b', '', '.', 'images', '-x'])
    t.throws(() => folderOf(name), { message: /is not a valid lab name/ }, name);
  t.strictSame([machinesOf('none-such'), machineFolders('none-such')], [[], []]);
});
