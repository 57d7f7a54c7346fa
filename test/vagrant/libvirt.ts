import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { execa } from 'execa';
import { answering } from '../../testing/answering.ts';

/** A libvirt for the tests, separate from that of this computer. */
export interface Libvirt {
  /** The prefix for a command that runs it in `folder` with this libvirt. */
  enter(folder: string): string[];
  virsh(...words: string[]): Promise<string>;
  /** Stops it with all that it has started, and removes what it left on this computer's network. */
  close(): Promise<void>;
}

/**
 * In this mount namespace, the folders that are compiled into libvirt are replaced, so a person's settings and machines
 * are neither read nor written. All its processes are in one PID namespace and end with it, also if the test is killed.
 * `/proc/cpuinfo` shows a processor without virtualisation. `$0` is the folder for all files.
 */
const inside = `set -e
mkdir -p "$0/etc" "$0/lib" "$0/cache" "$0/log"
cp -a /etc/libvirt/. "$0/etc/"
rm -f "$0"/etc/qemu/*.xml "$0"/etc/qemu/networks/*.xml "$0"/etc/qemu/networks/autostart/*
printf 'user = "root"\\ngroup = "root"\\nsecurity_driver = "none"\\n' > "$0/etc/qemu.conf"
sed -E '/^flags/s/ (vmx|svm)\\b//g' /proc/cpuinfo > "$0/cpuinfo"
mount --bind "$0/cpuinfo" /proc/cpuinfo
mount --bind "$0/etc" /etc/libvirt
for name in lib cache log; do
  mkdir -p "/var/$name/libvirt"
  mount --bind "$0/$name" "/var/$name/libvirt"
done
mount -t tmpfs tmpfs /run/libvirt
virtlogd --pid-file /run/libvirt/virtlogd.pid &
libvirtd --pid-file /run/libvirt/libvirtd.pid &
wait`;

/** Removes the chains of libvirt from this computer's packet filter, which libvirt leaves there. */
const removeChains = `for program in iptables ip6tables; do
  for table in filter nat mangle; do
    rules=$($program -w -t $table -S 2>/dev/null) || continue
    printf '%s\\n' "$rules" | sed -n 's/^-A \\([A-Z]* -j LIBVIRT_\\)/-D \\1/p' | while read -r rule; do
      $program -w -t $table $rule
    done
    chains=$(printf '%s\\n' "$rules" | sed -n 's/^-N \\(LIBVIRT_\\)/\\1/p')
    for chain in $chains; do $program -w -t $table -F $chain; done
    for chain in $chains; do $program -w -t $table -X $chain; done
  done
done`;

/** Starts libvirt with all its files in `folder`. Requires root. */
export async function startLibvirt(folder: string): Promise<Libvirt> {
  const mine = !(await shell('iptables -w -S')).includes('LIBVIRT_');
  const created = !existsSync('/run/libvirt');
  if (created) mkdirSync('/run/libvirt');
  const own = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  const words = ['--pdeathsig', 'KILL', '--', ...own, 'sh', '-c', inside, folder];
  const child = execa('setpriv', words, { reject: false, all: true, stdin: 'ignore' });
  const enter = (at: string) => ['nsenter', '-t', first(child.pid), '-m', '-p', `--wdns=${at}`];
  const virsh = async (...args: string[]) => {
    const [program = '', ...rest] = [...enter('/'), 'virsh', '-q', '-c', 'qemu:///system', ...args];
    return (await execa(program, rest)).stdout;
  };
  const close = async () => {
    const networks = await virsh('net-list', '--name').catch(() => '');
    for (const name of networks.split('\n').filter(Boolean)) await virsh('net-destroy', name);
    child.kill('SIGKILL');
    await child;
    if (mine) await shell(removeChains);
    if (created) rmdirSync('/run/libvirt');
  };
  try {
    await answering('libvirtd', () => virsh('list'), child);
  } catch (error) {
    await close();
    throw error;
  }
  return { enter, virsh, close };
}

/** The first process of the namespace: the child of `unshare`. */
function first(unshare: number | undefined): string {
  return readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim().split(' ')[0] ?? '';
}

const shell = async (script: string) => (await execa('sh', ['-c', script])).stdout;

/** The addresses of this computer, which include those of libvirt's networks. */
export async function addresses(): Promise<string[]> {
  const rows = (await shell('ip -o -4 address show')).split('\n');
  return rows.map((row) => row.trim().split(/\s+/)[3] ?? '').filter(Boolean);
}

/** The command lines of processes that contain `word`. */
export async function processesWith(word: string): Promise<string[]> {
  const rows = (await shell('ps -eo args')).split('\n');
  return rows.filter((row) => row.includes(word));
}
