import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { download, fetchText } from '../../computer/download.ts';
import { privateFolder } from '../../computer/files.ts';
import { locate } from '../../computer/programs.ts';
import { requireSpace } from '../../computer/space.ts';
import { failure } from '../../errors.ts';
import { bootstrapKeys } from '../lab/bootstrap.ts';
import { architecture } from './architecture.ts';
import type { Image, Prepared } from './image.ts';
import { userCard } from './wiring.ts';

/** Where Canonical publishes cloud images of Ubuntu 24.04. */
const published = 'https://cloud-images.ubuntu.com/releases/noble/release';

/** Time limit for the server to answer, in seconds. */
const TIMEOUT = 5;

/** The published checksum of the image for this computer. @throws ProvisionError (unreachable) */
export async function ubuntuChecksum(base: string = published): Promise<string> {
  const sums = await fetchText(`${base}/SHA256SUMS`, TIMEOUT);
  const line = sums.split('\n').find((text) => text.trimEnd().endsWith(`*${ubuntuFile()}`));
  const sum = line?.split(' ')[0] ?? '';
  if (/^[0-9a-f]{64}$/.test(sum)) return sum;
  throw failure({
    place: `${base}/SHA256SUMS`,
    what: `the list contains no checksum for ${ubuntuFile()}`,
    todo: 'use another image: --image debian-13',
  });
}

/** Downloads the Ubuntu image to `folder` unless it is already there. @throws ProvisionError */
export async function fetchUbuntu(
  folder: string,
  progress: (line: string) => void,
  base: string = published,
): Promise<void> {
  const disk = join(folder, 'disk.img');
  if (existsSync(disk)) return;
  const sha256 = await ubuntuChecksum(base);
  requireSpace(privateFolder(folder), 3, 'a cloud image');
  await download({ url: `${base}/${ubuntuFile()}`, file: disk, sha256, progress });
}

const ubuntuFile = () => `ubuntu-24.04-server-cloudimg-${architecture().name}.img`;

/** A disk image with cloud-init, and the seed disk with the initial identity for cloud-init. */
export async function preparedCloud(image: Image, folder: string): Promise<Prepared> {
  const disk = image.file ?? join(folder, 'disk.img');
  const format = await formatOf(disk);
  const seed = join(privateFolder(folder), 'seed.iso');
  if (!existsSync(seed)) await writeSeed(seed);
  return { image, folder, disk, format, seed };
}

async function formatOf(disk: string): Promise<'raw' | 'qcow2'> {
  const { stdout, exitCode, stderr } = await execa(
    'qemu-img',
    ['info', '--force-share', '--output=json', disk],
    { reject: false },
  );
  const format = exitCode === 0 ? (JSON.parse(stdout) as { format: string }).format : undefined;
  if (format === 'raw' || format === 'qcow2') return format;
  throw failure({
    place: disk,
    what: format ? `unsupported disk image format "${format}"` : 'not a disk image',
    why: 'expected qcow2 or raw',
    ...(stderr ? { said: stderr } : {}),
  });
}

/** Writes an ISO 9660 file system labelled `cidata`, the NoCloud data source of cloud-init. */
async function writeSeed(seed: string): Promise<void> {
  const draft = `${seed}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const files = await seedFiles();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(draft, name), text, { mode: 0o600 });
  const args = ['-as', 'mkisofs', '-quiet', '-V', 'cidata', '-J', '-r', '-o', `${draft}.iso`];
  const names = Object.keys(files).map((name) => join(draft, name));
  const { exitCode, stderr } = await execa(locate('xorriso') ?? 'xorriso', [...args, ...names], {
    reject: false,
  });
  if (exitCode !== 0)
    throw failure({
      place: seed,
      what: 'the cloud-init seed disk could not be written',
      said: stderr ?? '',
      todo: 'check the free disk space: df -h',
    });
  renameSync(`${draft}.iso`, seed);
  rmSync(draft, { recursive: true, force: true });
}

/** JSON is valid YAML and needs no special quoting. */
async function seedFiles(): Promise<Record<string, string>> {
  const { user, host } = await bootstrapKeys();
  const userData = {
    groups: ['admin'],
    users: [
      {
        name: 'admin',
        // Also if a group with this name already exists.
        primary_group: 'admin',
        shell: '/bin/bash',
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        lock_passwd: true,
        ssh_authorized_keys: [user.public],
      },
    ],
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: readFileSync(host.file, 'utf8'), ed25519_public: host.public },
  };
  const network = {
    version: 2,
    ethernets: { user: { match: { macaddress: userCard }, dhcp4: true, dhcp6: false, 'accept-ra': false } },
  };
  return {
    'meta-data': `${JSON.stringify({ 'instance-id': 'theapp-lab', 'local-hostname': 'fresh' })}\n`,
    'user-data': `#cloud-config\n${JSON.stringify(userData)}\n`,
    'network-config': `${JSON.stringify(network)}\n`,
  };
}
