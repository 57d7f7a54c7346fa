import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { skipFile } from '../../provision/testing.ts';
import { ROOT } from '../../testing/machine.ts';
import { processesWith } from './libvirt.ts';
import { newTestbed, type Ran } from './testbed.ts';

// The real Vagrant with libvirt and emulating QEMU: machines are created, provisioned and destroyed.

skipFile(process.getuid?.() === 0 ? false : 'needs root, which libvirt runs as');
t.setTimeout(3_000_000);
const testbed = await newTestbed();
t.teardown(() => testbed.close());
const { checkout, port } = testbed;
const url = `http://127.0.0.1:${port}/`;

/** Runs a line as a person types it and prints how long it took. docs.test.ts searches this file for the lines in the docs. */
async function typed(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const ran = await testbed.run(['sh', '-c', line], env);
  process.stderr.write(`# ${line}: ${ran.seconds.toFixed(1)} s\n`);
  return ran;
}

function failed(t: Test, { exitCode, text }: Ran, words: RegExp): void {
  t.equal(exitCode, 1, text);
  t.match(text, words);
}

t.test('missing requirements are reported before a machine is created', async (t) => {
  const modules = join(checkout, 'node_modules');
  const old = join(testbed.folder, 'old');
  const broken = join(testbed.folder, 'broken');
  for (const [folder, script] of [
    [old, '#!/bin/sh\necho v18.20.4\n'],
    [broken, '#!/bin/sh\nexit 127\n'],
  ] as const) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'node'), script, { mode: 0o755 });
  }
  const before = (folder: string) => ({ PATH: `${folder}:${process.env.PATH}` });
  rmSync(modules);
  failed(t, await typed('vagrant up'), /^npm ci has not been run in this folder\n {2}→ run npm ci/m);
  failed(
    t,
    await typed('vagrant up', before(old)),
    /^Node\.js 18\.20\.4 is too old: version 20\.19\.0 or later is required\n {2}→/m,
  );
  failed(
    t,
    await typed('vagrant up', before(broken)),
    /^Node\.js is missing on this computer\n {2}→ install/m,
  );
  symlinkSync(join(ROOT, 'node_modules'), modules);

  failed(
    t,
    await typed('vagrant up', { THEAPP_LIBVIRT_DRIVER: '' }),
    /does not support virtualisation\n {2}→ enable VT-x .*\n {2}→ .*THEAPP_LIBVIRT_DRIVER=qemu/,
  );
  const taken = `net.createServer().listen(${port}, '127.0.0.1', () =>
    process.exit(child_process.spawnSync('vagrant', ['up'], { stdio: 'inherit' }).status))`;
  failed(
    t,
    await testbed.run([process.execPath, '-e', taken]),
    new RegExp(`^vm: port ${port} of this computer cannot .*\n {2}→ stop that`, 'm'),
  );

  const none = { THEAPP_BOX: 'theapp/none', THEAPP_BOX_URL: 'file:///nowhere.box', THEAPP_BOX_CHECKSUM: '' };
  failed(
    t,
    await typed('vagrant up', none),
    /^the box theapp\/none is not available for libvirt:[\s\S]*→ .*npm run lab -- box/m,
  );
  const other = { THEAPP_BOX_CHECKSUM: '0'.repeat(64) };
  failed(t, await typed('vagrant up', other), /^the box theapp\/debian-13 is not available[\s\S]*checksum/m);
  failed(
    t,
    await typed('vagrant up', { APPROACH: 'approach_9' }),
    /no such approach\n {2}→ choose one of: approach_0, approach_1/,
  );
  t.equal(await testbed.libvirt.virsh('list', '--all', '--name'), '', 'no machine');
});

t.test('each way to name machines selects them', async (t) => {
  const brought = ({ text }: Ran) =>
    [...text.matchAll(/^Bringing machine '(\S+)' up/gm)].map(([, name = '']) => name);
  const three = ['approach_2-manager', 'approach_2-worker1', 'approach_2-worker2'];
  // They get as far as the check of the processor, which does not support virtualisation.
  const driver = { THEAPP_LIBVIRT_DRIVER: '' };
  t.strictSame(brought(await typed('vagrant up', driver)), ['approach_0-vm']);
  t.strictSame(brought(await typed('vagrant up --provision /approach_1/', driver)), ['approach_1-vm']);
  t.strictSame(brought(await typed('vagrant up --provision /approach_2/', driver)), three);
  const several = await typed('APPROACH=approach_2 vagrant up --provision', driver);
  t.strictSame(brought(several), three);
  t.equal(several.exitCode, 1);
  for (const name of three) t.match(several.text, `${name}: the processor of this computer`);
  t.equal((await typed('vagrant validate')).exitCode, 0);
  const { text: status } = await typed('vagrant status');
  for (const name of ['approach_0-vm', 'approach_1-vm', ...three]) t.match(status, name);
  const none = await typed('vagrant ssh approach_2-manager');
  t.match([none.exitCode, none.text], [1, /must be created/]);
});

t.test('up --provision creates a machine that answers', async (t) => {
  const { exitCode, text } = await typed('THEAPP_LIBVIRT_DRIVER=qemu vagrant up --provision');
  t.equal(exitCode, 0, text);
  t.match(text, /Key inserted!/, 'the machine gets its own key');
  t.equal(text.match(/^approach_0 on vm \(vagrant\)$/gm)?.length, 1, 'provisioned once');
  t.match(text, new RegExp(`TheAPP answers at ${url}\n +curl ${url}`));
  t.equal((await testbed.run(['curl', '-fsS', url])).text, 'Hello world!');
  t.match(
    (await typed('vagrant status')).text,
    /approach_0-vm +running[\s\S]*approach_2-manager +not created/,
  );
  t.equal(
    (await typed('vagrant ssh -c hostname')).text,
    'vm',
    'the default machine is the first of approach_0',
  );
});

t.test('a second run changes nothing, and Vagrant options work as with other provisioners', async (t) => {
  const green = /^vm : ok=\d+ changed=0 failed=0 unreachable=0 handlers=0/m;
  const again = await typed('vagrant provision');
  t.equal(again.exitCode, 0);
  t.match(again.text, green);
  for (const line of ['vagrant up --provision', 'vagrant provision --provision-with theapp']) {
    const { exitCode, text } = await typed(line);
    t.equal(exitCode, 0, text);
    t.equal(text.match(new RegExp(green, 'gm'))?.length, 1, `${line}: once`);
  }
  for (const line of [
    'vagrant up',
    'vagrant up --no-provision',
    'vagrant provision --provision-with shell',
    'vagrant provision approach_1-vm',
  ]) {
    const { exitCode, text } = await typed(line);
    t.equal(exitCode, 0, text);
    t.notMatch(text, /^approach_0 on vm/m, line);
  }
});

t.test('arguments of the provisioner, and its exit codes', async (t) => {
  const tls = await typed('PROVISION_ARGS="-e nginx.tls=self_signed" vagrant provision');
  t.equal(tls.exitCode, 0, tls.text);
  t.match(tls.text, /^ {2}~ vm {2}nginx: file \/etc\/nginx\/conf\.d\/theapp\.conf/m);
  const check = await typed('PROVISION_ARGS="--check --diff" vagrant provision');
  t.equal(check.exitCode, 2);
  t.match(check.text, /nginx: .*: would [\s\S]*^approach_0: --check found differences$/m);
  t.equal((await typed('vagrant provision')).exitCode, 0, 'and back');
  const bad = await typed('PROVISION_ARGS="-e nginx.tsl=x" vagrant provision');
  t.equal(bad.exitCode, 3);
  t.match(bad.text, /did you mean "tls"[\s\S]*approach_0: provisioning failed \(exit code 3\)/);
});

t.test('npm run provision finds the machines of Vagrant', async (t) => {
  const provision = (...args: string[]) =>
    testbed.run(['node_modules/.bin/node', 'provision/cli.mjs', ...args]);
  const found = await provision('approach_0');
  t.equal(found.exitCode, 0, found.text);
  t.match(found.text, /^approach_0 on vm \(vagrant: Vagrant is running these machines; [\s\S]* changed=0 /m);
  const absent = await provision('approach_2', '--provider', 'vagrant');
  t.equal(absent.exitCode, 1);
  t.match(absent.text, /manager, worker1, worker2 of approach_2 are not up\n.*→ vagrant up .*\/approach_2\//);
});

t.test('reload --provision restarts and provisions', async (t) => {
  const { exitCode, text } = await typed('vagrant reload --provision');
  t.equal(exitCode, 0, text);
  t.match(text, /Machine booted and ready![\s\S]*^vm : ok=\d+ changed=0 failed=0 unreachable=0 /m);
  t.equal((await testbed.run(['curl', '-fsS', url])).text, 'Hello world!');
});

t.test('destroy removes everything', async (t) => {
  t.equal((await typed('vagrant destroy -f')).exitCode, 0);
  t.equal(await testbed.libvirt.virsh('list', '--all', '--name'), '');
  const { text: left } = await testbed.run(['ip', '-o', '-4', 'address', 'show']);
  t.notMatch(left, /^\d+: virbr.* (192\.168\.121|10\.77\.0)\.1\//m, 'its networks are removed');
  t.strictSame(await processesWith(join(testbed.folder, 'home')), []);
  await testbed.close();
  t.strictSame(await processesWith(testbed.folder), [], 'no process is left');
});
