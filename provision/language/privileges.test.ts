import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type Privileges, privilegesProbe, readPrivileges } from './privileges.ts';

/** The output of the probe with this folder as its root, in a real shell with `set -e`. */
const probed = (root: string) =>
  execFileSync('sh', { input: `set -e\n${privilegesProbe(root).text}`, encoding: 'utf8' });

function read(stdout: string): Privileges {
  const value = new Map([...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, text]) => [key, text ?? '']));
  return readPrivileges((key) => value.get(key) ?? '');
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

const status = (capabilities: string) => `Name:\tsh\nCapEff:\t${capabilities}\nCapBnd:\t000001ffffffffff\n`;
const all = { oomScores: true, devices: true, kernelLog: true, conntrackLimit: true };

t.test('the files of a machine, and of containers', async (t) => {
  const devices = 'sys/fs/cgroup/devices/devices.list';
  const container = { 'run/systemd/container': 'docker\n' };
  const table: [string, Record<string, string>, string, Privileges, string?][] = [
    ['a machine', { 'dev/kmsg': '', 'sys/fs/cgroup/cgroup.controllers': 'cpu\n' }, '000001ffffffffff', all],
    ['a machine with cgroups v1', { 'dev/kmsg': '', [devices]: 'a *:* rwm\n' }, '000001ffffffffff', all],
    [
      'a container with cgroups v1, without CAP_SYS_RESOURCE',
      { ...container, [devices]: 'b *:* m\nc *:* m\nc 1:3 rwm\n' },
      '0000003ffeffffff',
      { oomScores: false, devices: false, kernelLog: false, conntrackLimit: true },
    ],
    [
      'a privileged container with cgroups v1',
      { ...container, 'dev/kmsg': '', [devices]: 'a *:* rwm\n' },
      '000001ffffffffff',
      all,
    ],
    [
      'a container with cgroups v2, whose log is a link',
      { ...container, 'sys/fs/cgroup/cgroup.controllers': 'cpu\n' },
      '000001ffffffffff',
      { ...all, devices: false, kernelLog: false },
      'dev/kmsg',
    ],
  ];
  for (const [what, files, capabilities, wanted, link] of table) {
    const root = t.testdir();
    const folder = join(root, `${table.findIndex(([one]) => one === what)}`);
    write(folder, { ...files, 'proc/self/status': status(capabilities) });
    if (link) {
      mkdirSync(dirname(join(folder, link)), { recursive: true });
      symlinkSync('/dev/null', join(folder, link));
    }
    t.strictSame(read(probed(folder)), wanted, what);
  }
});

t.test('a limit that belongs to the computer', async (t) => {
  // what the probe prints in a container: the file exists and is read-only
  const printed = 'capabilities=0000003ffeffffff\ncontainer=yes\ndevices=b *:* m\n';
  t.match(read(printed), { conntrackLimit: false, devices: false, oomScores: false });
  t.match(read(''), { oomScores: false }, 'nothing is known');
});
