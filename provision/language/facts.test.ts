import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, hostname, release, totalmem } from 'node:os';
import t from 'tap';
import { localShell } from '../shell/local.ts';
import { stateOf } from '../testing/resources.ts';
import { factsProbe } from './facts.ts';

const read = (stdout: string, code = 0) => factsProbe.read({ code, stdout, stderr: '' });

/** Output of the probe on real hosts. */
const emulated = `distribution=debian
like=
version=13
codename=trixie
architecture=amd64
kernel=6.12.48+deb13-cloud-amd64
hostname=worker1
cores=2
memory=1375424
addresses=10.0.2.15 10.77.2.12 172.17.0.1${' '}
nameservers= 10.0.2.3 fd00::3
hypervisor=qemu
kernel_settings=all
systemd=yes
capabilities=000001ffffffffff
cgroups=2
kernel_log=yes
conntrack_limit=yes
esp4=installed
xfrm_user=installed
`;
const noble = emulated
  .replace('distribution=debian\nlike=', 'distribution=ubuntu\nlike=debian')
  .replace('version=13\ncodename=trixie', 'version=24.04\ncodename=noble')
  .replace('hypervisor=qemu', 'hypervisor=kvm');

t.test('facts are parsed', async (t) => {
  t.strictSame(read(emulated), {
    distribution: 'debian',
    version: '13',
    codename: 'trixie',
    architecture: 'amd64',
    kernel: '6.12.48+deb13-cloud-amd64',
    hostname: 'worker1',
    cores: 2,
    memory: 1343,
    addresses: ['10.0.2.15', '10.77.2.12', '172.17.0.1'],
    nameservers: ['10.0.2.3', 'fd00::3'],
    kernelSettings: 'all',
    cgroups: 2,
    privileges: { oomScores: true, devices: true, kernelLog: true, conntrackLimit: true },
    systemd: true,
    emulated: true,
    ipsec: { has: 'yes', seen: 'esp4 is installed, xfrm_user is installed' },
  });
  t.match(read(noble), { distribution: 'ubuntu', version: '24.04', codename: 'noble', emulated: false });
  t.match(read(noble.replace('kvm', '').replace('systemd=yes\n', '')), { systemd: false, emulated: false });
  t.match(read(emulated.replace('kernel_settings=all\n', '')), { kernelSettings: 'network' }, 'a container');
  t.match(read(noble.replace('=ubuntu', '=linuxmint')), { distribution: 'linuxmint' }, 'derived from Debian');
});

t.test('an unsupported system is refused', async (t) => {
  const fedora = emulated.replace('distribution=debian', 'distribution=fedora');
  t.throws(() => read(fedora), /unsupported operating system: fedora/);
  t.throws(() => read('', 127), /unrecognised operating system/);
});

t.test('facts of this computer', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const facts = await stateOf({ kind: 'facts', name: '', probe: factsProbe, plan: () => [] }, shell);
  const [, id] = /^ID=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const addresses = execFileSync('hostname', ['-I'], { encoding: 'utf8' });
  t.match(facts, {
    distribution: id,
    architecture: execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim(),
    kernel: release(),
    hostname: hostname(),
    memory: Math.floor(totalmem() / 2 ** 20),
    addresses: addresses.split(/\s+/).filter(Boolean),
    systemd: existsSync('/run/systemd/system'),
  });
  t.ok(facts.cores >= 1 && facts.cores <= cpus().length);
});
