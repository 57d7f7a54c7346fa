import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder } from '../../computer/files.ts';
import { ensurePrograms } from '../../computer/install.ts';
import { withLock } from '../../computer/lock.ts';
import { computer } from '../../computer/programs.ts';
import { ProvisionError, unreachable } from '../../errors.ts';
import { imagesFolder } from '../lab/folders.ts';
import { fetchUbuntu, preparedCloud, ubuntuChecksum } from './cloud.ts';
import { buildDebian, recipe } from './debian.ts';
import { builtDebian, fallback, type Image, imageNamed, type Prepared, ubuntu } from './image.ts';
import { forImage, forMachines, qemuVersion } from './programs.ts';

export interface Preparing {
  /** What a person wrote after `--image`. */
  readonly image: string;
  readonly yes: boolean;
  progress(topic: string, line: string): void;
}

/**
 * The image that `--image` means, with the programs of this computer that it takes; downloaded or built if it is
 * not there.
 *
 * @throws ProvisionError
 */
export async function prepareImage({ image: option, yes, progress }: Preparing): Promise<Prepared> {
  const named = imageNamed(option);
  const image = named === 'auto' ? await reachable((line) => progress('image', line)) : named;
  const { name, suite } = image;
  const folder = join(privateFolder(imagesFolder()), suite ? `${name}-${recipe(suite)}` : name);
  const programs = existsSync(folder) && image.kind === 'debian' ? [] : forImage(image.kind, computer().root);
  const ask = { yes, progress: (line: string) => progress('programs', line) };
  await ensurePrograms([...forMachines(image, await qemuVersion()), ...programs], ask);
  const tell = (line: string) => progress('image', `${image.name}: ${line}`);
  return await withLock(folder, `makes the image ${image.name}`, tell, () => there(image, folder, tell));
}

async function there(image: Image, folder: string, tell: (line: string) => void): Promise<Prepared> {
  if (image.kind === 'debian') {
    if (!existsSync(folder)) await buildDebian(image.suite ?? '', folder, tell);
    return builtDebian(image, folder);
  }
  if (image.file === undefined) await fetchUbuntu(folder, tell).catch(sayAlternative);
  return await preparedCloud(image, folder);
}

/** Ubuntu, where it is here already or its publisher answers; otherwise Debian, built from what can be reached. */
async function reachable(tell: (line: string) => void): Promise<Image> {
  if (existsSync(join(imagesFolder(), ubuntu.name, 'disk.img'))) return ubuntu;
  try {
    await ubuntuChecksum();
    return ubuntu;
  } catch (error) {
    if (!(error instanceof ProvisionError) || error.kind !== 'unreachable') throw error;
    tell(`Ubuntu's images cannot be reached (${error.parts.why}): taking ${fallback.name} instead`);
    return fallback;
  }
}

function sayAlternative(error: unknown): never {
  if (!(error instanceof ProvisionError) || error.kind !== 'unreachable' || error.parts.todo) throw error;
  throw unreachable(
    { ...error.parts, todo: `--image ${fallback.name} is built from this computer's own packages` },
    error,
  );
}
