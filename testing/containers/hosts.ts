import { join } from 'node:path';
import { privateFolder } from '../../provision/computer/files.ts';
import { ensurePrograms } from '../../provision/computer/install.ts';
import { keyPair } from '../../provision/computer/keys.ts';
import { treePrograms } from '../../provision/computer/mmdebstrap.ts';
import { computer } from '../../provision/computer/programs.ts';
import type { Host } from '../../provision/index.ts';
import { imagesFolder } from '../../provision/machines/lab/folders.ts';
import { buildStandIns } from '../../provision/machines/lab/images/build.ts';
import { openMirror } from '../../provision/machines/lab/images/mirror.ts';
import { loadMachines } from '../../provision/machines/machines.ts';
import { inventoryOfAll, quietly, ROOT } from '../machine.ts';
import { type Daemon, nameservers, startDaemon } from './daemon.ts';
import { lightImage } from './image.ts';

/** The machines of an approach as containers: systemd, an sshd and a Docker of their own, as fast as this computer. */
export interface LightHosts {
  readonly hosts: readonly Host[];
  /** What `npm run provision` is told so that it finds them. */
  readonly where: readonly string[];
  /** What it is told so that they find images. */
  readonly images: readonly string[];
  cutPower(name: string): Promise<void>;
  powerOn(name: string): Promise<void>;
  /** The Docker whose containers they are: what `docker --host` is told. */
  readonly docker: string;
  close(): Promise<void>;
}

export interface LightOptions {
  /** GiB of a disk of its own for each, where it may become full; otherwise they share this computer's. */
  readonly disk?: number;
}

/** Every capability that Docker may give away on any kernel; `--privileged` wants one more than there may be. */
const capabilities =
  'AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE NET_ADMIN NET_BROADCAST SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM';

const isolation = [
  '--cgroupns=private',
  ...['seccomp', 'systempaths', 'apparmor'].map((name) => `--security-opt=${name}=unconfined`),
  ...['/run', '/run/lock', '/tmp'].map((path) => `--tmpfs=${path}`),
  '--env=container=docker',
  ...capabilities.split(' ').map((name) => `--cap-add=${name}`),
];

export async function lightHosts(approach: string, { disk }: LightOptions = {}): Promise<LightHosts> {
  const progress = quietly();
  const say = (line: string) => progress('light hosts', line);
  const programs = [
    { name: 'dockerd', package: 'docker.io' },
    { name: 'iptables', package: 'iptables' },
    { name: 'ip', package: 'iproute2' },
  ];
  await ensurePrograms([...programs, ...treePrograms(computer().root)], {
    yes: true,
    progress: say,
  });
  const image = await lightImage(say);
  const built = await buildStandIns({ yes: true, progress: say });
  const daemon = await startDaemon();
  try {
    await daemon.docker('import', image, 'light');
    const { gateway: address, prefix } = daemon.network;
    const mirror = await openMirror(built, 0, say, { listen: address, seen: address });
    const machines = Object.entries(loadMachines(join(ROOT, 'approaches', approach)));
    const hosts = await Promise.all(
      machines.map(([name, { groups }], i) =>
        makeHost(daemon, { name, groups, address: `${prefix}.${i + 11}`, disk }),
      ),
    );
    return {
      hosts,
      where: ['--inventory', inventoryOfAll(`light-${approach}`, hosts)],
      images: ['-e', `docker.mirrors=[${mirror.url}]`],
      cutPower: async (name) => void (await daemon.docker('kill', name)),
      powerOn: async (name) => {
        await daemon.docker('start', name);
        await booted(daemon, name);
      },
      docker: daemon.host,
      close: async () => {
        await mirror.close();
        await daemon.close();
      },
    };
  } catch (error) {
    await daemon.close();
    throw error;
  }
}

interface Wanted {
  readonly name: string;
  readonly groups: readonly string[];
  readonly address: string;
  readonly disk: number | undefined;
}

async function makeHost(daemon: Daemon, { name, groups, address, disk }: Wanted): Promise<Host> {
  const key = await keyPair(join(privateFolder(join(imagesFolder(), 'light-keys')), 'key'));
  const where = ['--name', name, '--hostname', name, '--network', 'light', '--ip', address];
  // on a file system that Docker can stand on, and no mount point itself
  const data = disk === undefined ? '--volume=/var/lib' : `--volume=${name}:/var/lib`;
  if (disk !== undefined) await daemon.limited(name, disk);
  await daemon.docker('run', '--detach', ...where, ...isolation, data, 'light', '/sbin/init');
  await booted(daemon, name);
  await daemon.feed(nameservers(), 'exec', '-i', name, 'sh', '-c', 'cat >/etc/resolv.conf');
  const entry = `install -d -m 700 -o admin -g admin /home/admin/.ssh
cat >/home/admin/.ssh/authorized_keys
chown admin: /home/admin/.ssh/authorized_keys
cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub`;
  const hostKey = await daemon.feed(`${key.public}\n`, 'exec', '-i', name, 'sh', '-ec', entry);
  return {
    name,
    address,
    privateAddress: address,
    user: 'admin',
    keyFiles: [key.file],
    hostKeys: [hostKey.trim()],
    groups,
    forwarded: {},
    vars: {},
  };
}

/** Its last unit has been started, whether or not all could be. */
const booted = ({ docker }: Daemon, name: string) =>
  docker(
    ...['exec', name, 'timeout', '60', 'sh', '-c'],
    'until systemctl is-system-running 2>/dev/null | grep -qx -e running -e degraded; do sleep 0.2; done',
  );
