import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../computer/files.ts';
import { failure } from '../../errors.ts';
import { imagesFolder } from '../lab/folders.ts';
import { docker, tryDocker } from './client.ts';

/** All capabilities except Docker's defaults and SYS_RESOURCE, which some daemons cannot grant. */
const capabilities =
  'AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE NET_ADMIN NET_BROADCAST SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM';

/** Capabilities that Docker 20.10 does not support. */
const recent = 'BPF CHECKPOINT_RESTORE PERFMON';

const grants = (names: string) => [
  ...['seccomp', 'systempaths', 'apparmor'].map((name) => `--security-opt=${name}=unconfined`),
  ...names.split(' ').map((name) => `--cap-add=${name}`),
];

/** For a disk of limited size: access to loop devices, which are block devices with the major number 7. */
const loops = ['--device=/dev/loop-control', '--device-cgroup-rule=b 7:* rmw'];

/** The privileges to try for a container that acts as a machine, from most to least. */
const levels: Readonly<Record<string, readonly string[]>> = {
  privileged: ['--privileged'],
  'capabilities and loop devices': [...grants(`${capabilities} ${recent}`), ...loops],
  'older capabilities and loop devices': [...grants(capabilities), ...loops],
  capabilities: [...grants(`${capabilities} ${recent}`)],
  'older capabilities': grants(capabilities),
};

/**
 * The options of `docker create` for the most privileges that this daemon grants. Starts containers to find out, and
 * saves the result for this daemon.
 *
 * @throws ProvisionError (failed) if the daemon grants none of them
 */
export async function privileges(image: string): Promise<readonly string[]> {
  const daemon = (await docker(['info', '--format', '{{.ID}} {{.ServerVersion}} {{.KernelVersion}}'])).trim();
  const file = join(privateFolder(imagesFolder()), 'docker-privileges.json');
  const saved = read(file);
  const known = levels[saved[daemon] ?? ''];
  if (known) return known;
  let error = '';
  for (const [name, words] of Object.entries(levels)) {
    const { ok, stderr } = await tryDocker([
      'run',
      '--rm',
      '--network=none',
      '--cgroupns=private',
      ...words,
      image,
      '/bin/true',
    ]);
    error = stderr;
    if (!ok) continue;
    writeWhole(file, `${JSON.stringify({ ...saved, [daemon]: name }, null, 2)}\n`);
    return words;
  }
  throw failure({
    place: 'docker',
    what: 'the Docker daemon does not grant the privileges that a container needs to act as a machine',
    said: error,
    todo: 'use virtual machines: --provider qemu',
  });
}

function read(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
