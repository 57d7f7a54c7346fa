import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { withLock } from '../../../computer/lock.ts';
import { run } from '../../../computer/mmdebstrap.ts';
import { ticking } from '../../../computer/ticking.ts';

/** Media types of image manifest version 2, schema 2. */
export const types = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

/** An image in the `manifest.json` of an archive for `docker load`. */
interface Listed {
  readonly Config: string;
  readonly RepoTags: readonly [string];
  readonly Layers: readonly string[];
}

/** The digest and the size of what a registry stores. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

/**
 * Converts an archive for `docker load`, once, to a folder with what a registry serves: `blobs/DIGEST`, and `manifests/`
 * by NAME:TAG and by NAME:DIGEST.
 *
 * @throws ProvisionError (failed)
 */
export async function blobsOf(archive: string, progress: (line: string) => void): Promise<string> {
  const folder = archive.replace(/\.tar\.gz$/, '.blobs');
  await withLock(folder, 'preparing the images', progress, async () => {
    if (existsSync(folder)) return;
    await ticking(progress, 'preparing the images', () => prepare(archive, folder));
  });
  return folder;
}

async function prepare(archive: string, folder: string): Promise<void> {
  const draft = `${folder}.draft`;
  const [unpacked, blobs] = [join(draft, 'unpacked'), join(draft, 'blobs')];
  rmSync(draft, { recursive: true, force: true });
  for (const path of [unpacked, blobs, join(draft, 'manifests')]) mkdirSync(path, { recursive: true });
  await run(['tar', '-xzf', archive, '-C', unpacked], { doing: 'unpacking images', cwd: draft });
  const images = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')) as Listed[];
  const layers = new Map<string, Blob>();
  for (const name of new Set(images.flatMap(({ Layers }) => Layers)))
    layers.set(name, await compressed(join(unpacked, name), blobs));
  for (const image of images) {
    const config = stored(readFileSync(join(unpacked, image.Config)), blobs);
    const own = image.Layers.flatMap((name) => layers.get(name) ?? []);
    writeManifest(join(draft, 'manifests'), image.RepoTags[0], config, own);
  }
  rmSync(unpacked, { recursive: true });
  renameSync(draft, folder);
}

/** Writes an image's manifest by its name and by its digest. The name contains a registry, or is an official image. */
export function writeManifest(folder: string, name: string, config: Blob, layers: readonly Blob[]): void {
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, ...config },
    layers: layers.map((layer) => ({ mediaType: types.layer, ...layer })),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const [repository] = name.split(':');
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  for (const file of [name, `${repository}:${digestOf(bytes)}`]) writeFileSync(join(folder, file), bytes);
}

/** Stores a tar archive as a layer, compressed. */
export async function compressed(file: string, blobs: string): Promise<Blob> {
  const draft = join(blobs, 'draft');
  await pipeline(createReadStream(file), createGzip({ level: 1 }), createWriteStream(draft));
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(draft)) {
    hash.update(chunk);
    size += chunk.length;
  }
  const digest = `sha256:${hash.digest('hex')}`;
  renameSync(draft, join(blobs, digest));
  return { digest, size };
}

/** Stores the configuration of an image. */
export function stored(bytes: Buffer, blobs: string): Blob {
  const digest = digestOf(bytes);
  writeFileSync(join(blobs, digest), bytes);
  return { digest, size: bytes.length };
}

export const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
