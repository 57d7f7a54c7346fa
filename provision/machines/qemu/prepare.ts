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
  /** The value of `--image`. */
  readonly image: string;
  readonly yes: boolean;
  progress(topic: string, line: string): void;
}

/**
 * Prepares the image selected by `--image`: installs the programs it needs on this computer, and downloads or builds it
 * unless it already exists.
 *
 * @throws ProvisionError
 */
export async function prepareImage({ image: option, yes, progress }: Preparing): Promise<Prepared> {
  const named = imageNamed(option);
  const image = named === 'auto' ? await available((line) => progress('image', line)) : named;
  const { name, suite } = image;
  const folder = join(privateFolder(imagesFolder()), suite ? `${name}-${recipe(suite)}` : name);
  const programs = existsSync(folder) && image.kind === 'debian' ? [] : forImage(image.kind, computer().root);
  const ask = { yes, progress: (line: string) => progress('programs', line) };
  await ensurePrograms([...forMachines(image, await qemuVersion()), ...programs], ask);
  const report = (line: string) => progress('image', `${image.name}: ${line}`);
  return await withLock(folder, `preparing the image ${image.name}`, report, () =>
    prepared(image, folder, report),
  );
}

async function prepared(image: Image, folder: string, report: (line: string) => void): Promise<Prepared> {
  if (image.kind === 'debian') {
    if (!existsSync(folder)) await buildDebian(image.suite ?? '', folder, report);
    return builtDebian(image, folder);
  }
  if (image.file === undefined) await fetchUbuntu(folder, report).catch(suggestDebian);
  return await preparedCloud(image, folder);
}

/** Ubuntu if its image is already here or can be downloaded; otherwise Debian, built from this computer's packages. */
async function available(report: (line: string) => void): Promise<Image> {
  if (existsSync(join(imagesFolder(), ubuntu.name, 'disk.img'))) return ubuntu;
  try {
    await ubuntuChecksum();
    return ubuntu;
  } catch (error) {
    if (!(error instanceof ProvisionError) || error.kind !== 'unreachable') throw error;
    report(`Ubuntu images cannot be downloaded (${error.parts.why}); using ${fallback.name} instead`);
    return fallback;
  }
}

function suggestDebian(error: unknown): never {
  if (!(error instanceof ProvisionError) || error.kind !== 'unreachable' || error.parts.todo) throw error;
  throw unreachable(
    {
      ...error.parts,
      todo: `use an image built from this computer's package sources: --image ${fallback.name}`,
    },
    error,
  );
}
