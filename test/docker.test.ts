import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t from 'tap';
import { startDaemon } from '../testing/dockerd/daemon.ts';

// The docker provider, with the test's own Docker daemon and an empty lab.

const project = resolve(import.meta.dirname, '..');
mkdirSync(join(project, '.lab'), { recursive: true, mode: 0o700 });
const lab = mkdtempSync(join(project, '.lab', 'test-docker-'));
process.env.THEAPP_LAB_IMAGES ??= join(project, '.lab', 'images');
process.env.THEAPP_LAB = lab;

t.setTimeout(1_200_000);
t.teardown(() => rmSync(lab, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'needs root, to start and stop its own Docker daemon';

t.test('containers as machines', { skip, timeout: 1_200_000 }, async (t) => {
  const daemon = await startDaemon();
  t.teardown(async () => {
    await run('down');
    await daemon.close();
  });

  const node = join(project, 'node_modules/.bin/node');
  const run = (...args: string[]) =>
    execa(node, ['scripts/lab/lab.ts', ...args], { cwd: project, reject: false });
  const up = (...args: string[]) => run('up', '--provider', 'docker', '--any-ports', '--yes', ...args);
  const json = async () => JSON.parse((await run('status', '--json')).stdout);
  const approach = 'approach_0';
  const prefix = 'theapp-approach_0-vm-';

  /** Everything that the lab has in Docker. */
  async function everything(): Promise<string[]> {
    const lists = await Promise.all([
      daemon.docker('ps', '--all', '--filter', 'label=theapp.lab', '--format', '{{.Names}}'),
      daemon.docker('volume', 'ls', '--filter', 'label=theapp.lab', '--format', '{{.Name}}'),
      daemon.docker('network', 'ls', '--filter', 'label=theapp.lab', '--format', '{{.Name}}'),
      daemon.docker('image', 'ls', '--filter', 'label=theapp.lab', '--format', '{{.Repository}}'),
    ]);
    return lists.flatMap((text) => text.split('\n')).filter(Boolean);
  }

  t.test('up creates a machine with systemd, sshd, its own disk and private keys', async (t) => {
    const { exitCode, stdout, stderr } = await up('--image', 'debian-13');
    t.equal(exitCode, 0, stderr);
    t.match(
      stdout,
      new RegExp(`^vm: running {3}debian-13, container ${prefix}\\w+ {3}ssh 127\\.0\\.0\\.1:\\d+`),
    );
    t.match(await json(), {
      approach,
      machines: [{ name: 'vm', provider: 'docker', state: 'running', ports: { 80: Number }, snapshots: [] }],
      left: [],
    });
    t.equal(statSync(join(lab, approach)).mode & 0o777, 0o700);
    t.equal(statSync(join(lab, approach, 'key')).mode & 0o777, 0o600);
    const script =
      'hostname; sudo id -u; . /etc/os-release; echo $VERSION_ID; cat /proc/1/comm; df --output=size -BG /var/lib | tail -1 | tr -d " "';
    t.match((await run('ssh', approach, script)).stdout, /^vm\n0\n13\nsystemd\n(9|10)G$/);
  });

  t.test('a machine that reboots comes back by itself; one whose power is cut does not', async (t) => {
    const container = (await everything()).find((name) => name.startsWith(prefix)) ?? '';
    const ssh = async (script: string) => (await run('ssh', approach, script)).stdout;
    await ssh('sudo touch /run/before; sudo systemctl --no-block reboot');
    const end = performance.now() + 60_000;
    while ((await ssh('ls /run/before || echo gone')).trim() !== 'gone' && performance.now() < end)
      await sleep(500);
    t.equal((await ssh('ls /run/before || echo gone')).trim(), 'gone');
    await daemon.docker('kill', container);
    await sleep(2000);
    t.equal((await json()).machines[0].state, 'stopped');
    t.equal((await up()).exitCode, 0);
  });

  t.test(
    'up again changes nothing; a fresh machine answers within seconds once the image exists',
    async (t) => {
      const [{ ssh }] = (await json()).machines;
      t.equal((await up()).exitCode, 0);
      t.equal((await json()).machines[0].ssh, ssh);
      await run('down');
      const began = performance.now();
      t.equal((await up()).exitCode, 0);
      const seconds = (performance.now() - began) / 1000;
      t.comment(`from nothing to SSH in ${seconds.toFixed(1)} s`);
      t.ok(seconds < 30, 'far faster than a boot');
      const list = await execa(node, ['provision/cli.mjs', approach, '--list'], { cwd: project });
      t.match(list.stdout, /^approach_0 \(docker\)/, 'it is found without --provider');
    },
  );

  t.test('another image is refused, and so is an unknown one', async (t) => {
    t.match(await up('--image', 'debian-12'), {
      exitCode: 1,
      stderr:
        /vm: the machine was created with the image debian-13, not debian-12\n {2}→ .*npm run lab -- down approach_0/,
    });
    t.match(await up('--image', 'debain'), {
      exitCode: 3,
      stderr: /unknown container image "debain"; did you mean "debian"\?/,
    });
  });

  t.test('files of /etc can be replaced, and services get their credentials', async (t) => {
    const script = `set -e
cp /etc/hosts /tmp/hosts && sudo mv /tmp/hosts /etc/hosts
cp /etc/resolv.conf /tmp/r && sudo mv /tmp/r /etc/resolv.conf
echo secret | sudo tee /etc/word >/dev/null
sudo systemd-run --quiet --wait --pipe -p LoadCredential=word:/etc/word -p PrivateTmp=yes sh -c 'cat $CREDENTIALS_DIRECTORY/word'`;
    t.match(await run('ssh', approach, script), { exitCode: 0, stdout: 'secret' });
  });

  t.test(
    'a machine can change the kernel settings of its own network, but not those of the computer',
    async (t) => {
      t.match(await run('ssh', approach, 'sudo sysctl -w net.core.somaxconn=1234'), { exitCode: 0 });
      t.match(await run('ssh', approach, 'sudo sysctl -w vm.swappiness=61'), {
        exitCode: 1,
        stderr: /vm.swappiness/,
      });
    },
  );

  t.test('a snapshot restores files and volumes, and reports what it does not include', async (t) => {
    await run('ssh', approach, 'sudo touch /early /var/lib/early');
    const taken = await run('snapshot', 'clean');
    t.match(taken, { exitCode: 0, stdout: 'vm: clean' });
    t.match(taken.stderr, /memory and running processes are not saved/);
    await run('ssh', approach, 'sudo touch /late /var/lib/late; sudo rm /early /var/lib/early');
    t.match(await run('restore', 'claen'), {
      exitCode: 3,
      stderr: /there is no snapshot "claen"; did you mean "clean"\?/,
    });
    t.match(await run('restore', 'clean'), { exitCode: 0 });
    const { stdout } = await run(
      'ssh',
      approach,
      'ls -d /early /late /var/lib/early /var/lib/late 2>/dev/null',
    );
    t.equal(stdout, '/early\n/var/lib/early');
  });

  t.test('up starts machines whose container was killed; Docker starts the others itself', async (t) => {
    const [{ ssh, container }] = (await json()).machines;
    await run('ssh', approach, 'sudo touch /var/lib/kept; sync');
    await daemon.docker('kill', container);
    t.match(await json(), { machines: [{ state: 'stopped' }] });
    t.match(await run('snapshot', 'x'), {
      exitCode: 1,
      stderr: /vm: the machine is not running\n {2}→ start it: npm run lab -- up/,
    });
    t.equal((await up()).exitCode, 0);
    t.match(await json(), { machines: [{ state: 'running', ssh }] });
    // Docker starts it again: its container ended with an error, as in a reboot
    await daemon.restart();
    t.equal((await up()).exitCode, 0);
    t.match(await json(), { machines: [{ state: 'running', ssh }] });
    t.equal((await run('ssh', approach, 'ls /var/lib/kept')).stdout, '/var/lib/kept');
  });

  t.test('down leaves no objects in Docker and no files', async (t) => {
    t.match(await run('down'), { exitCode: 0, stdout: 'approach_0: vm removed' });
    t.strictSame(await everything(), []);
    t.strictSame(readdirSync(lab), []);
    t.match(await run('down'), { exitCode: 0, stdout: 'approach_0: nothing to remove' });
  });

  t.test('status shows what a killed command left; up completes it, and down removes it', async (t) => {
    const child = up();
    child.stderr.on('data', (data: Buffer) => {
      if (/creating containers from/.test(String(data))) child.kill('SIGKILL');
    });
    await child;
    t.ok((await everything()).length > 0, 'at least a network');
    const { machines, left } = await json();
    t.ok(machines.length + left.length > 0, 'status shows it');
    t.equal((await up()).exitCode, 0);
    t.equal((await run('ssh', approach, 'hostname')).stdout, 'vm');
    // half a machine: only its volume is left
    const [{ container }] = (await json()).machines;
    await daemon.docker('rm', '--force', container);
    t.match(
      (await run('status')).stdout,
      /left over: volume theapp-approach_0-vm-\w+ {3}npm run lab -- down approach_0/,
    );
    rmSync(lab, { recursive: true });
    t.match(await run('down'), {
      exitCode: 0,
      stdout: /^approach_0: .*volume theapp-approach_0-vm-\w+.* removed$/,
    });
    t.strictSame(await everything(), []);
  });

  t.test('without a daemon, permission or a client, the error says what to do', async (t) => {
    const inEnv = (env: Record<string, string>, options = {}) =>
      execa(node, ['scripts/lab/lab.ts', 'up', '--provider', 'docker'], {
        cwd: project,
        reject: false,
        env,
        ...options,
      });
    t.match(await inEnv({ DOCKER_HOST: 'unix:///nowhere/docker.sock' }), {
      exitCode: 1,
      stderr: /^docker: the Docker daemon does not answer\n[\s\S]*→ .*DOCKER_HOST.*--provider qemu/m,
    });
    t.match(await inEnv({ PATH: '/nowhere' }), {
      exitCode: 1,
      stderr: /^docker: the docker client is not installed\n {2}→ install it .*--provider qemu/m,
    });
    const theirs = mkdtempSync(join(tmpdir(), 'theapp-nobody-'));
    t.teardown(() => rmSync(theirs, { recursive: true }));
    const nobody = { uid: 65534, gid: 65534 };
    await execa('chown', ['65534:65534', theirs]);
    await execa('chmod', ['755', join(daemon.socket, '..')]);
    await execa('chmod', ['660', daemon.socket]);
    const readable = await execa('test', ['-r', join(project, 'package.json')], { reject: false, ...nobody });
    if (readable.exitCode !== 0) return t.comment('another user cannot read this checkout');
    t.match(await inEnv({ THEAPP_LAB: theirs, THEAPP_LAB_IMAGES: theirs, HOME: theirs }, nobody), {
      exitCode: 1,
      stderr:
        /^docker: you do not have permission to use the Docker daemon\n[\s\S]*→ sudo usermod -aG docker \$USER, then log in again/m,
    });
    t.notOk(existsSync(join(theirs, approach, 'containers')));
  });
});
