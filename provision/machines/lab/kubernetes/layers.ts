import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder } from '../../../computer/files.ts';
import { debianTree } from '../../../computer/mmdebstrap.ts';
import { architecture } from '../../qemu/architecture.ts';
import { configuration, type Layer, layerOf } from '../images/archive.ts';
import { type Blob, compressed, stored, writeManifest } from '../images/blobs.ts';
import { dated, suite } from '../images/images.ts';
import { tar } from '../images/tar.ts';
import { addOns, type ClusterImage, imagesOf, layers, packages, settings } from './images.ts';
import type { Programs } from './programs.ts';

/** A layer as a tar archive and as a registry stores it. */
interface Stored extends Layer {
  readonly blob: Blob;
}

/**
 * Writes the cluster's images into `blobs` and `manifests` of a folder, and returns their names. They share one layer with
 * Debian's programs and one with Kubernetes, which a node stores once.
 */
export async function writeImages(
  folder: string,
  programs: Programs,
  update: (words: string) => void,
): Promise<string[]> {
  for (const name of ['blobs', 'manifests', 'tar/tmp']) mkdirSync(join(folder, name), { recursive: true });
  const store = storing(folder);
  const system = [await store(await systemTree(join(folder, 'tar'), update)), await store(tar(settings))];
  const shared = {
    system,
    network: [await store(tar(layers.network(readFileSync(programs.kubeRouter))))],
    pause: [await store(tar(layers.pause(readFileSync(programs.pause))))],
  };
  const written = new Map<string, ClusterImage>();
  for (const { version, file } of programs.kubernetes) {
    update(`packing the images of Kubernetes ${version}`);
    const program = [await store(tar(layers.program(readFileSync(file))))];
    for (const image of [...(await imagesOf(file, version)), ...addOns]) {
      if (written.has(image.name)) continue;
      written.set(image.name, image);
      writeImage(
        folder,
        image,
        image.layers.flatMap((name) => ({ ...shared, program })[name]),
      );
    }
  }
  rmSync(join(folder, 'tar'), { recursive: true });
  return [...written.keys()];
}

function writeImage(folder: string, image: ClusterImage, own: readonly Stored[]): void {
  const text = JSON.stringify(configuration({ ...image, layers: own }, architecture().name));
  const config = stored(Buffer.from(text), join(folder, 'blobs'));
  const blobs = own.map(({ blob }) => blob);
  writeManifest(join(folder, 'manifests'), image.name, config, blobs);
}

/** Stores tar archives, given as a file or as bytes. */
function storing(folder: string) {
  return async (archive: string | Buffer): Promise<Stored> => {
    const file = typeof archive === 'string' ? archive : join(folder, 'tar/layer');
    if (typeof archive !== 'string') writeFileSync(file, archive);
    return { ...(await layerOf(file)), blob: await compressed(file, join(folder, 'blobs')) };
  };
}

/** Unpacks Debian's packages without installing them, which images of single programs do not need. */
async function systemTree(draft: string, update: (words: string) => void): Promise<string> {
  privateFolder(join(draft, 'tmp'));
  const file = join(draft, 'system.tar');
  const options = [
    '--variant=extract',
    '--skip=output/dev',
    '--skip=output/mknod',
    '--dpkgopt=path-exclude=/usr/share/*',
    '--extract-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/hostname "$1"/etc/resolv.conf',
  ];
  await debianTree({ suite, packages, options, draft, file, env: dated }, update);
  return file;
}
