import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { execa } from 'execa';
import { answering } from '../../testing/answering.ts';

/** A libvirt for the tests, separate from that of this computer. */
export interface Libvirt {
  /** The prefix for a command that runs it in `folder` with this libvirt and its network. */
  enter(folder: string): string[];
  virsh(...words: string[]): Promise<string>;
  /** Stops it with all that it has started. */
  close(): Promise<void>;
}

/**
 * In this mount namespace, the folders that are compiled into libvirt are replaced, so a person's settings and machines
 * are neither read nor written. `/proc/cpuinfo` shows a processor without virtualisation. All its processes are in one
 * PID namespace and end with it, also if the test is killed. So do the bridges and the packet filter of libvirt, which
 * are in a network namespace. `$0` is the folder for all files.
 */
const inside = `set -e
mkdir -p "$0/etc" "$0/lib" "$0/cache" "$0/log"
cp -a /etc/libvirt/. "$0/etc/"
rm -f "$0"/etc/qemu/*.xml "$0"/etc/qemu/networks/*.xml "$0"/etc/qemu/networks/autostart/*
printf 'user = "root"\\ngroup = "root"\\nsecurity_driver = "none"\\n' > "$0/etc/qemu.conf"
sed -E '/^flags/s/ (vmx|svm)\\b//g' /proc/cpuinfo > "$0/cpuinfo"
mount --bind "$0/cpuinfo" /proc/cpuinfo
echo nameserver 10.0.2.3 > "$0/resolv.conf"
mount --bind "$0/resolv.conf" /etc/resolv.conf
ip link set lo up
mount --bind "$0/etc" /etc/libvirt
for name in lib cache log; do
  mkdir -p "/var/$name/libvirt"
  mount --bind "$0/$name" "/var/$name/libvirt"
done
mount -t tmpfs tmpfs /run/libvirt
virtlogd --pid-file /run/libvirt/virtlogd.pid &
libvirtd --pid-file /run/libvirt/libvirtd.pid &
wait`;

/** A command that is killed if the test is killed. */
function start(program: string, ...words: string[]) {
  const options = { reject: false, all: true, stdin: 'ignore' } as const;
  return execa('setpriv', ['--pdeathsig', 'KILL', '--', program, ...words], options);
}

/** Starts libvirt with all its files in `folder`. Requires root. */
export async function startLibvirt(folder: string): Promise<Libvirt> {
  const created = !existsSync('/run/libvirt');
  if (created) mkdirSync('/run/libvirt');
  const own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  const namespaces = start('unshare', ...own, 'sh', '-c', inside, folder);
  const first = () => firstChildOf(namespaces.pid);
  const enter = (at: string) => ['nsenter', '-t', first(), '-m', '-p', '-n', `--wdns=${at}`];
  const within = async (...words: string[]) => {
    const [program = '', ...rest] = [...enter('/'), ...words];
    return (await execa(program, rest)).stdout;
  };
  const virsh = (...words: string[]) => within('virsh', '-q', '-c', 'qemu:///system', ...words);
  const children = [namespaces];
  const close = async () => {
    for (const child of children.toReversed()) {
      child.kill('SIGKILL');
      await child;
    }
    if (created) rmdirSync('/run/libvirt');
  };
  try {
    await answering('libvirtd', () => virsh('list'), namespaces);
    // Connections to the outside become connections of this computer, as for a machine of QEMU.
    const slirp = start('slirp4netns', '--configure', '--mtu=1500', first(), 'tap0');
    children.push(slirp);
    await answering('slirp4netns', () => within('ip', 'route', 'get', '10.0.2.3'), slirp);
  } catch (error) {
    await close();
    throw error;
  }
  return { enter, virsh, close };
}

function firstChildOf(pid: number | undefined): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
}

/** The command lines of processes that contain `word`. */
export async function processesWith(word: string): Promise<string[]> {
  const rows = (await execa('ps', ['-eo', 'args'])).stdout.split('\n');
  return rows.filter((row) => row.includes(word));
}
