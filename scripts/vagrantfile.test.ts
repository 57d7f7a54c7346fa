import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { loadMachines } from '../provision/index.ts';
import { needs, skipFile } from '../provision/testing.ts';

skipFile(needs('vagrant', 'vagrant'));

// Tests how Vagrant reads the Vagrantfile, without starting machines. `npm run test:vagrant` starts machines.

const ROOT = resolve(import.meta.dirname, '..');
const providers = ['virtualbox', 'vmware_desktop', 'parallels', 'libvirt', 'hyperv'];
const approaches = readdirSync(join(ROOT, 'approaches'), { withFileTypes: true })
  .map(({ name }) => name)
  .filter((name) => existsSync(join(ROOT, 'approaches', name, 'machines.yml')))
  .sort();

interface Settings {
  readonly hostname: string;
  readonly box: string;
  readonly numbers: { readonly memory: number; readonly cpus: number };
}
interface Probed {
  readonly machines: Record<string, Record<string, Settings>>;
  readonly options: Record<string, { readonly autostart: boolean }>;
  readonly primary: string;
}

t.setTimeout(300_000);
const home = t.testdir({});
const run = (program: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
  execa(program, args, {
    cwd,
    reject: false,
    env: { VAGRANT_HOME: join(home, 'home'), VAGRANT_DOTFILE_PATH: join(home, 'dot'), APPROACH: '', ...env },
  });

async function probe(folder: string, env: Record<string, string> = {}): Promise<Probed> {
  const words = [join(ROOT, 'scripts/vagrantfile/probe.rb'), folder, ...providers];
  const { stdout, stderr, exitCode } = await run('ruby', words, folder, env);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Probed;
}

/** A folder with the Vagrantfile and the test's own approaches. */
function copy(name: string, machines: Readonly<Record<string, string>>): string {
  const folder = join(home, name);
  cpSync(join(ROOT, 'vagrant'), join(folder, 'vagrant'), { recursive: true });
  cpSync(join(ROOT, 'Vagrantfile'), join(folder, 'Vagrantfile'));
  for (const [approach, text] of Object.entries(machines)) {
    mkdirSync(join(folder, 'approaches', approach), { recursive: true });
    writeFileSync(join(folder, 'approaches', approach, 'machines.yml'), text);
  }
  return folder;
}

t.test('every machine of every approach, with the same numbers for each provider', async (t) => {
  const { machines, options, primary } = await probe(ROOT);
  const expected = approaches.flatMap((approach) =>
    Object.entries(loadMachines(join(ROOT, 'approaches', approach))).map(([name, machine]) => ({
      full: `${approach}-${name}`,
      settings: {
        hostname: name,
        box: 'bento/ubuntu-24.04',
        version: /^\d{6}\.\d{2}\.\d$/,
        provisioners: [['theapp', approach]],
        synced: 0,
        forwarded: Object.fromEntries(
          Object.entries(machine.forward).map(([here, guest]) => [`127.0.0.1:${here}`, guest]),
        ),
        private: [machine.address],
        numbers: { memory: machine.memory, cpus: machine.cpus },
      },
    })),
  );
  t.strictSame(
    Object.keys(machines),
    expected.map(({ full }) => full),
  );
  for (const { full, settings } of expected) {
    for (const provider of providers) t.match(machines[full]?.[provider], settings, `${full} by ${provider}`);
  }
  t.equal(primary, 'approach_0-vm', 'vagrant ssh without a name');
  t.strictSame(Object.keys(options), Object.keys(machines));
  for (const [name, { autostart }] of Object.entries(options))
    t.equal(autostart, name.startsWith('approach_0-'), `${name}: whether vagrant up starts it`);
});

t.test('APPROACH selects the machines of one approach', async (t) => {
  const { machines, options, primary } = await probe(ROOT, { APPROACH: 'approach_2' });
  t.strictSame(Object.keys(machines), ['approach_2-manager', 'approach_2-worker1', 'approach_2-worker2']);
  t.strictSame(
    Object.values(options).map(({ autostart }) => autostart),
    [true, true, true],
  );
  t.equal(primary, 'approach_2-manager');
});

t.test('defaults for machines.yml, and boxes', async (t) => {
  const sum = 'a'.repeat(64);
  const folder = copy('own', {
    a: 'machines: { plain: {}, other: { box: { name: mine, url: "http://x/y.box", checksum: SUM } } }'.replace(
      'SUM',
      sum,
    ),
  });
  const { plain } = loadMachines(join(folder, 'approaches/a'));
  const { machines } = await probe(folder);
  t.match(machines['a-plain']?.libvirt, {
    numbers: { memory: plain?.memory, cpus: plain?.cpus },
    forwarded: {},
    private: [],
  });
  t.match(machines['a-other']?.libvirt, {
    box: 'mine',
    url: ['http://x/y.box'],
    checksum: sum,
    version: null,
  });
  const env = { THEAPP_BOX: 'yours', THEAPP_BOX_VERSION: '1.2' };
  const told = await probe(folder, env);
  for (const name of ['a-plain', 'a-other'])
    t.match(told.machines[name]?.libvirt, { box: 'yours', version: '1.2', url: null, checksum: '' }, name);
  const pinned = await probe(folder, { THEAPP_BOX_VERSION: '202502.21.0' });
  t.match(pinned.machines['a-plain']?.libvirt, { box: 'bento/ubuntu-24.04', version: '202502.21.0' });
});

t.test('invalid input is reported in one line that says what to do', async (t) => {
  const said = async (folder: string, env: Record<string, string> = {}) => {
    const { exitCode, stderr } = await run('vagrant', ['status'], folder, env);
    t.equal(exitCode, 1);
    return stderr;
  };
  t.match(
    await said(ROOT, { APPROACH: 'nope' }),
    /APPROACH=nope: there is no such approach\n {2}→ choose one of: app/,
  );
  const broken = copy('broken', { a: 'machines: { vm: {\n' });
  t.match(await said(broken), /approaches\/a\/machines\.yml:\d+:\d+: /);
  const other = copy('other', { a: 'maschinen: {}\n' });
  t.match(await said(other), /a\/machines\.yml is invalid\n {2}→ npm run provision -- a --list/);
});

/** Prints its arguments and the SSH configuration. */
const inPlaceOfNode = `#!/bin/sh
if [ "$1" = --version ]; then echo v24.0.0; exit; fi
echo "ran: $*"
cat "$THEAPP_SSH_CONFIG"
exit "\${CODE:-0}"
`;

t.test('the provisioner runs once, at the end of the command', async (t) => {
  const one = 'machines: { vm: {} }';
  const folder = copy('several', { one, three: 'machines: { a: {}, b: {}, c: {} }' });
  const node = join(folder, 'node_modules/node/bin');
  mkdirSync(node, { recursive: true });
  writeFileSync(join(node, 'node'), inPlaceOfNode, { mode: 0o755 });
  const own = join(home, 'several-home');
  mkdirSync(own);
  cpSync(join(ROOT, 'scripts/vagrantfile/instant.rb'), join(own, 'Vagrantfile'));
  const vagrant = async (line: string, env: Record<string, string> = {}) => {
    const settings = {
      VAGRANT_HOME: own,
      VAGRANT_DOTFILE_PATH: '.vagrant',
      VAGRANT_DEFAULT_PROVIDER: 'instant',
    };
    const { exitCode, stdout, stderr } = await run('vagrant', line.split(' '), folder, {
      ...settings,
      ...env,
    });
    const runs = [...stdout.matchAll(/^ran: provision\/cli\.mjs (\S+) --provider vagrant(.*)$/gm)];
    return {
      exitCode,
      stdout,
      said: `${stdout}\n${stderr}`,
      runs: runs.map(([, name, more]) => `${name}${more}`),
    };
  };
  const single = await vagrant('up --provision three-b');
  t.strictSame([single.exitCode, single.runs], [0, []], 'one machine of three');
  t.match(
    single.said,
    /three is provisioned once all its machines are running; not running: a, c\n.*\/three\//,
  );

  const broken = await vagrant('up /three/', { BROKEN: 'three-c' });
  t.strictSame([broken.exitCode, broken.runs], [1, []], 'one of them does not start');

  const all = await vagrant('up --provision /three/', { PROVISION_ARGS: "--diff -e 'a.b=c d'" });
  t.strictSame(
    [all.exitCode, all.runs],
    [0, ['three --diff -e a.b=c d']],
    'started in parallel, provisioned once',
  );
  for (const name of ['three-a', 'three-b', 'three-c'])
    t.match(
      all.stdout,
      `Host ${name}\n  HostName 127.0.0.1\n  User vagrant\n  Port 2200\n  IdentityFile "/key of ${name}"`,
    );

  t.strictSame((await vagrant('up')).runs, ['one'], 'without a name the first approach');
  const both = await vagrant('provision', { CODE: '4' });
  t.strictSame(
    [both.exitCode, both.runs],
    [4, ['one', 'three']],
    'all running approaches, and the exit code',
  );
  t.match(
    both.said,
    /^one, three: provisioning failed \(exit code 4\).*\n {2}→ to try again: vagrant provision$/m,
  );
  const unclosed = await vagrant('provision', { PROVISION_ARGS: '"--diff' });
  t.match([unclosed.exitCode, unclosed.said], [3, /^PROVISION_ARGS: Unmatched/m]);
  const parallel = await vagrant('up --provision /three/', { CODE: '3' });
  t.strictSame([parallel.exitCode, parallel.runs], [3, ['three']]);
  t.notMatch(parallel.said, /multiple actions in parallel/, 'Vagrant adds no error of its own');
  t.strictSame((await vagrant('up --no-provision /three/')).runs, []);

  await vagrant('destroy -f', { APPROACH: 'three' });
  const { stdout } = await vagrant('status');
  t.match(stdout, /one-vm +running/, 'running machines stay visible');
  t.match(stdout, /three-a +not created/);
});
