import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeDraft } from '../../../computer/contained.ts';
import { privateFolder } from '../../../computer/files.ts';
import { ensurePrograms } from '../../../computer/install.ts';
import { withLock } from '../../../computer/lock.ts';
import { treePrograms } from '../../../computer/mmdebstrap.ts';
import { computer } from '../../../computer/programs.ts';
import { requireSpace } from '../../../computer/space.ts';
import { ticking } from '../../../computer/ticking.ts';
import { architecture } from '../../qemu/architecture.ts';
import { imagesFolder } from '../folders.ts';
import type { BuildOptions } from '../images/build.ts';
import { recipeOf as recipeOfProgram } from './compile.ts';
import { deb } from './deb.ts';
import { type Archive, writeHelm } from './helm.ts';
import { keyPrograms } from './key.ts';
import { writeImages } from './layers.ts';
import { cni, criTools, packagesOf } from './packages.ts';
import { allPrograms, builtPrograms, type Programs } from './programs.ts';
import { writeRepository } from './repository.ts';
import { series } from './versions.ts';

/** What a cluster downloads, in the folders of a mirror: `blobs`, `manifests` and `files`. */
export interface Upstream {
  readonly folder: string;
  /** The full names of the images. */
  readonly images: readonly string[];
  /** The package repository: its path on the mirror, and the fingerprint of its key. */
  readonly repository: { readonly path: string; readonly fingerprint: string };
  readonly helm: Archive;
  /** Whether it had been built before. */
  readonly reused: boolean;
}

/**
 * Builds Kubernetes from Go modules with everything that a cluster of kubeadm downloads, under upstream's names: packages,
 * images and Helm, for computers that cannot reach upstream. The first build takes minutes, later ones use Go's cache.
 *
 * @throws ProvisionError (failed), also if Go is missing or too old
 */
export async function buildKubernetes({ yes, progress }: BuildOptions): Promise<Upstream> {
  const folder = join(privateFolder(imagesFolder()), `kubernetes-${recipe()}`);
  return await withLock(folder, 'building Kubernetes', progress, () => make(folder, { yes, progress }), 3600);
}

async function make(folder: string, { yes, progress }: BuildOptions): Promise<Upstream> {
  const about = join(folder, 'about.json');
  const read = (reused: boolean): Upstream => ({
    ...JSON.parse(readFileSync(about, 'utf8')),
    folder,
    reused,
  });
  if (existsSync(about)) return read(true);
  await ensurePrograms([...treePrograms(computer().root), ...keyPrograms], { yes, progress });
  const programs = await builtPrograms(progress);
  const draft = `${folder}.draft`;
  await removeDraft(draft);
  privateFolder(draft);
  requireSpace(draft, 2, 'building Kubernetes');
  try {
    await ticking(progress, 'packing Kubernetes', (update) => pack(programs, draft, update));
    renameSync(draft, folder);
  } finally {
    await removeDraft(draft);
  }
  return read(false);
}

async function pack(programs: Programs, draft: string, update: (words: string) => void): Promise<void> {
  const { name } = architecture();
  const path = `/apt/kubernetes/v${series}/deb/`;
  const packages = programs.kubernetes.flatMap(({ version, file }) =>
    packagesOf(version, readFileSync(file)),
  );
  const debs = [];
  for (const one of [...packages, cni, criTools(readFileSync(programs.crictl))])
    debs.push(await deb(one, name));
  const fingerprint = await writeRepository(join(draft, 'files', path), debs, name);
  const helm = await writeHelm(join(draft, 'files/helm'), programs.helm, name);
  const images = await writeImages(draft, programs, update);
  writeFileSync(
    join(draft, 'about.json'),
    JSON.stringify({ images, repository: { path, fingerprint }, helm }),
  );
}

/** A hash of everything that defines the result, except the versions of Debian's packages. */
function recipe(): string {
  const sources = [import.meta.dirname, join(import.meta.dirname, 'files')].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')])
      .sort(),
  );
  const parts = [sources, allPrograms.map(recipeOfProgram)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
