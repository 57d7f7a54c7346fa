import { createHash } from 'node:crypto';
import { createReadStream, linkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../../../computer/mmdebstrap.ts';

/** A layer of an image: a tar archive on this disk and its sha256. */
export interface Layer {
  readonly file: string;
  readonly sha256: string;
}

/** An image: its name, its layers from bottom to top, and its `config` (OCI image specification). */
export interface Image {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** Writes an archive for `docker load`: manifest.json, a configuration for each image, and each layer once. */
export async function writeArchive(
  images: readonly Image[],
  architecture: string,
  folder: string,
  file: string,
): Promise<void> {
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layer.sha256, layer.file])));
  for (const [sha256, from] of layers) linkSync(from, join(folder, `${sha256}.tar`));
  const manifest = images.map((image) => {
    const text = JSON.stringify(configuration(image, architecture));
    const name = `${createHash('sha256').update(text).digest('hex')}.json`;
    writeFileSync(join(folder, name), text);
    return {
      Config: name,
      RepoTags: [image.name],
      Layers: image.layers.map(({ sha256 }) => `${sha256}.tar`),
    };
  });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const words = [
    'tar',
    '--create',
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '-C',
    folder,
    '.',
  ];
  const packed = ['sh', '-c', '"$@" | gzip -1 -n', 'pack', ...words];
  await run(packed, { doing: 'packing images', cwd: folder, stdout: file });
}

/** The configuration of an image (OCI image specification). */
export function configuration({ name, layers, config }: Image, architecture: string) {
  const created = new Date(0).toISOString();
  return {
    architecture,
    os: 'linux',
    created,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
    history: layers.map(() => ({ created, created_by: `stand-in for ${name}` })),
  };
}

/** A tar archive as a layer. */
export async function layerOf(file: string): Promise<Layer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file, sha256: hash.digest('hex') };
}
