import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../computer/files.ts';
import { failure } from '../../errors.ts';
import { imagesFolder } from '../lab/folders.ts';
import { ask, docker } from './client.ts';

/** Every capability but those that Docker gives by itself, and SYS_RESOURCE, which not every daemon may give away. */
const capabilities =
  'AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE NET_ADMIN NET_BROADCAST SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM';

/** Docker 20.10 does not know these. */
const recent = 'BPF CHECKPOINT_RESTORE PERFMON';

const granting = (names: string) => [
  ...['seccomp', 'systempaths', 'apparmor'].map((name) => `--security-opt=${name}=unconfined`),
  ...names.split(' ').map((name) => `--cap-add=${name}`),
];

/** For a disk of limited size: loop devices are block devices of major number 7. */
const loops = ['--device=/dev/loop-control', '--device-cgroup-rule=b 7:* rmw'];

/** What a container may be given so that it is like a machine, the most first. */
const levels: Readonly<Record<string, readonly string[]>> = {
  privileged: ['--privileged'],
  'capabilities and loop devices': [...granting(`${capabilities} ${recent}`), ...loops],
  'older capabilities and loop devices': [...granting(capabilities), ...loops],
  capabilities: [...granting(`${capabilities} ${recent}`)],
  'older capabilities': granting(capabilities),
};

/**
 * Options of `docker create` for as much as this daemon grants. A container is really started to find out; the answer
 * is kept for this daemon.
 *
 * @throws ProvisionError (failed) when it grants none of it
 */
export async function privileges(image: string): Promise<readonly string[]> {
  const daemon = (await docker(['info', '--format', '{{.ID}} {{.ServerVersion}} {{.KernelVersion}}'])).trim();
  const file = join(privateFolder(imagesFolder()), 'docker-privileges.json');
  const kept = read(file);
  const known = levels[kept[daemon] ?? ''];
  if (known) return known;
  let said = '';
  for (const [name, words] of Object.entries(levels)) {
    const { ok, stderr } = await ask(['run', '--rm', '--cgroupns=private', ...words, image, '/bin/true']);
    said = stderr;
    if (!ok) continue;
    writeWhole(file, `${JSON.stringify({ ...kept, [daemon]: name }, null, 2)}\n`);
    return words;
  }
  throw failure({
    place: 'docker',
    what: 'the Docker daemon gives containers too few rights to be machines',
    said,
    todo: 'take virtual machines: --provider qemu',
  });
}

function read(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
