import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type Host, loadMachines, type Machine } from '../provision/index.ts';
import { skipFile } from '../provision/testing/needs.ts';
import { qemuMissing } from '../testing/qemu.ts';

skipFile(qemuMissing());

// The lab from scratch: the images are built here, in the test's own folder.

t.setTimeout(1_500_000);
const project = resolve(import.meta.dirname, '..');
mkdirSync(join(project, '.lab'), { recursive: true, mode: 0o700 });
const lab = mkdtempSync(join(project, '.lab', 'test-lab-'));
process.env.THEAPP_LAB = lab;
const shared = tmpdir();
const before = new Set(readdirSync(shared));
// The test's own, so that leftovers are the lab's. World-writable for the users of mmdebstrap.
const temporary = mkdtempSync(join(shared, 'theapp-test-'));
chmodSync(temporary, 0o1777);
process.env.TMPDIR = temporary;
delete process.env.THEAPP_LAB_IMAGES;
const { cutPowerOf, destroy, freshHosts, powerOn, setLink } = await import('../provision/machines/qemu.ts');
const { processOf } = await import('../provision/machines/qemu/process.ts');
const { sshOptions } = await import('../provision/machines/lab/door.ts');

const run = (...args: string[]) =>
  execa(join(project, 'node_modules/.bin/node'), ['scripts/lab/lab.ts', ...args], {
    cwd: project,
    reject: false,
  });
const up = (image: string) => run('up', '--provider', 'qemu', '--image', image, '--any-ports', '--yes');
const status = async () => JSON.parse((await run('status', '--json')).stdout).machines;
const vm = join(lab, 'approach_0', 'vm');

t.teardown(async () => {
  for (const name of ['approach_0', 'pair', 'twelve']) await destroy(name);
  for (const folder of [lab, temporary]) rmSync(folder, { recursive: true, force: true });
});

/** Runs a command on a machine with the real ssh; its output. */
async function ask(host: Host, command: string, seconds = 60): Promise<string> {
  const { port = 22, name, hostKeys: [hostKey = ''] = [], keyFiles: [keyFile = ''] = [] } = host;
  const options = sshOptions({ name, folder: lab, port, keyFile, hostKey });
  const { stdout, stderr, exitCode } = await execa(
    'ssh',
    [...options, '-o', `ConnectTimeout=${seconds}`, '127.0.0.1', command],
    {
      reject: false,
    },
  );
  return exitCode === 0 ? stdout : `exit code ${exitCode}: ${stderr}`;
}

/** `lab up`, killed as soon as its output matches. */
async function killedAt(words: RegExp): Promise<void> {
  const child = up('debian-13');
  child.stderr.on('data', (data: Buffer) => {
    if (words.test(String(data))) child.kill('SIGKILL');
  });
  await child;
}

t.test('a port in use is reported before anything is built', async (t) => {
  // approach_1, because test/vm.test.ts uses the port of approach_0 at the same time
  const server = createServer();
  // If another program already uses the port, the test works as well.
  await new Promise<void>((done) => server.once('error', () => done()).listen(8081, '127.0.0.1', done));
  const { exitCode, stderr } = await run(
    'up',
    'approach_1',
    '--provider',
    'qemu',
    '--image',
    'debian-13',
    '--yes',
  );
  server.close();
  t.equal(exitCode, 1);
  t.match(stderr, /^vm: port 8081 of this computer cannot be forwarded: .+ uses it\n {2}→ .*machines\.yml/);
  t.strictSame(readdirSync(lab), [], 'nothing was created');
});

t.test('a killed image build leaves at most a draft', async (t) => {
  await killedAt(/image: .*(extracting|installing)/);
  const images = readdirSync(join(lab, 'images')).filter((name) => name.startsWith('debian'));
  t.match(images, [/\.draft$/], 'at most a draft');
  t.strictSame(await status(), []);
});

t.test('up creates the image and the machine', async (t) => {
  const { exitCode, stdout, stderr } = await up('debian-13');
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /^vm: running {3}debian-13, (KVM|software emulation) {3}ssh 127\.0\.0\.1:\d+/);
  t.match(stderr, /image: debian-13: building/);
  t.match(stderr, /lab: virtual machines run with (KVM|software emulation, which is slow)/);
  t.strictSame(
    readdirSync(join(lab, 'images')).filter((name) => name.includes('draft')),
    [],
    'no draft is left',
  );
  t.match(await status(), [
    { name: 'vm', state: 'running', image: 'debian-13', snapshots: [], ports: { 80: Number } },
  ]);
  t.equal(statSync(lab).mode & 0o777, 0o700);
  t.equal(statSync(join(lab, 'approach_0', 'key')).mode & 0o777, 0o600);
  t.equal(
    (await run('ssh', 'approach_0', 'hostname; sudo id -u; . /etc/os-release; echo $VERSION_ID')).stdout,
    'vm\n0\n13',
  );
});

t.test('a second up changes nothing', async (t) => {
  const [{ pid }] = await status();
  const { exitCode } = await up('debian-13');
  t.equal(exitCode, 0);
  t.match(await status(), [{ pid }]);
});

t.test('restoring a snapshot restores memory and disk and corrects the clock', async (t) => {
  t.match(await run('snapshot', 'clean'), { exitCode: 0, stdout: 'vm: clean' });
  await run('ssh', 'approach_0', 'sudo touch /late; sudo date -s 2001-01-01');
  t.match(await run('restore', 'claen'), {
    exitCode: 3,
    stderr: /there is no snapshot "claen"; did you mean "clean"\?/,
  });
  t.match(await run('restore', 'clean'), { exitCode: 0 });
  const { stdout } = await run('ssh', 'approach_0', 'ls /late; date +%s');
  const off = Math.abs(Number(stdout) - Date.now() / 1000);
  t.ok(off < 10, `the file is gone and the clock is right: ${stdout}, ${off} s off`);
});

t.test('a stopped machine is restored to its snapshot, and its stale pid is ignored', async (t) => {
  process.kill(processOf(vm) ?? 0, 'SIGKILL');
  while (processOf(vm) !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  t.ok(existsSync(join(vm, 'pid')), 'its pid file is still there');
  t.match(await status(), [{ state: 'stopped' }]);
  t.match(await run('snapshot', 'x'), {
    exitCode: 1,
    stderr: /vm: the machine is not running\n {2}→ start it: npm run lab -- up approach_0/,
  });
  t.match(await run('restore', 'clean'), { exitCode: 0 });
  t.match((await run('ssh', 'approach_0', 'ip -br address')).stdout, /10\.77\.0\.10\/24/);
});

t.test('down removes every process and file', async (t) => {
  const [{ pid }] = await status();
  t.match(await run('down'), { exitCode: 0, stdout: 'approach_0: vm removed' });
  t.notOk(runs(pid));
  t.strictSame(readdirSync(lab), ['images']);
  t.match(await run('down'), { exitCode: 0, stdout: 'approach_0: nothing to remove' });
});

t.test('a machine whose creation was killed is created again', async (t) => {
  await killedAt(/waiting for SSH|name and keys/);
  t.strictSame(await status(), []);
  t.match(await up('debian-13'), { exitCode: 0 });
  t.equal((await run('ssh', 'approach_0', 'hostname')).stdout, 'vm');
  const half = processOf(vm);
  await run('down');
  t.notOk(runs(half));
});

t.test('two fresh machines have different identities and reach each other', async (t) => {
  const { vm: machine } = loadMachines(join(project, 'approaches', 'approach_0'));
  if (!machine) throw new Error('approach_0 has no vm');
  const at = (address: string): Machine => ({ ...machine, address });
  const machines = { a: at('10.77.0.21'), b: at('10.77.0.22') };
  let [a, b] = await freshHosts({ lab: 'pair', machines, image: 'debian-13' });
  if (!a || !b) throw new Error('expected two machines');
  t.match(await ask(a, 'hostname; ping -c 2 -W 5 10.77.0.22'), /^a\n.* 2 received, 0% packet loss/s);
  t.not(await ask(a, 'cat /etc/machine-id'), await ask(b, 'cat /etc/machine-id'));
  t.not(a.hostKeys?.[0], b.hostKeys?.[0]);
  t.not(a.forwarded[80]?.port, b.forwarded[80]?.port);

  await ask(a, 'echo kept | sudo tee /kept; sync');
  await cutPowerOf('pair', 'a');
  t.match(await ask(a, 'true'), /^exit code 255/, 'the machine has no power');
  t.equal((await powerOn('pair', 'a')).port, a.port);
  t.equal(await ask(a, 'cat /kept'), 'kept');
  t.match(await ask(a, 'ping -c 2 -W 5 10.77.0.22'), / 0% packet loss/, 'the private network works again');

  await setLink('pair', 'a', 'user', false);
  t.match(await ask(a, 'true', 5), /^exit code 255/, 'the network link is down');
  await setLink('pair', 'a', 'user', true);
  let words = '';
  for (let tries = 0; tries < 10 && words !== 'back'; tries++) words = await ask(a, 'echo back', 10);
  t.equal(words, 'back');

  const old = a.hostKeys;
  [a] = await freshHosts({ lab: 'pair', machines: { a: machines.a }, image: 'debian-13' });
  t.not(a?.hostKeys?.[0], old?.[0]);
  t.match(a && (await ask(a, 'ls /kept')), /^exit code 2/);
  await destroy('pair');
});

t.test('Debian 12', async (t) => {
  const [host] = await freshHosts({ lab: 'twelve', image: 'debian-12' });
  t.equal(
    host && (await ask(host, '. /etc/os-release; echo $VERSION_ID; systemctl is-system-running')),
    '12\nrunning',
  );
  t.strictSame(
    host && (await ask(host, 'command -v nginx mariadbd node redis-server')),
    'exit code 1: ',
    'only the base system is installed',
  );
  await destroy('twelve');
});

t.test('nothing is left in temporary folders', async (t) => {
  t.strictSame(readdirSync(temporary), []);
  const left = readdirSync(shared).filter((name) => !before.has(name) && /kvm-|qemu/.test(name));
  t.strictSame(left, [], 'nothing is left in the shared temporary folder');
  t.strictSame(
    readdirSync(lab).filter((name) => !['images', 'known_hosts'].includes(name)),
    [],
  );
  const words = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => readQuietly(`/proc/${pid}/cmdline`));
  t.strictSame(
    words.filter((text) => text.includes(lab) && text.includes('qemu')),
    [],
  );
});

/** Whether a process runs. A zombie still has a folder in /proc, but no command line. */
const runs = (pid: number | undefined) => readQuietly(`/proc/${pid}/cmdline`) !== '';

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
