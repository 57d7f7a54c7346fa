import { ensurePrograms } from '../../computer/install.ts';
import { withLock } from '../../computer/lock.ts';
import { treePrograms } from '../../computer/mmdebstrap.ts';
import { computer } from '../../computer/programs.ts';
import { unreachable } from '../../errors.ts';
import { ask, docker } from './client.ts';
import { build, pull } from './official.ts';
import { debian13, type System, systemNamed, ubuntu } from './system.ts';
import { changes, recipeOf, treeOf } from './tree.ts';

export interface Preparing {
  /** What a person wrote after `--image`. */
  readonly image: string;
  readonly yes: boolean;
  progress(topic: string, line: string): void;
}

/** An image of this daemon that machines start from. */
export interface MachineImage {
  readonly name: string;
  readonly tag: string;
}

const tagOf = (system: System) => `theapp-machine:${system.name}-${recipeOf(system)}`;
const imageOf = (system: System): MachineImage => ({ name: system.name, tag: tagOf(system) });

const exists = async (system: System) =>
  (await ask(['image', 'inspect', '--format', '{{.Id}}', tagOf(system)])).ok;

/**
 * The image that `--image` means, in the daemon: the one that is there already, otherwise made on the official one
 * where the daemon reaches a registry, otherwise from this computer's own package sources.
 *
 * @throws ProvisionError
 */
export async function machineImage({ image, yes, progress }: Preparing): Promise<MachineImage> {
  const named = systemNamed(image);
  const tell = (line: string) => progress('image', line);
  const wanted = named === 'auto' ? [ubuntu, debian13] : [named];
  for (const system of wanted) if (await exists(system)) return imageOf(system);
  return await withLock('docker image', 'preparing an image for containers', tell, async () => {
    for (const system of wanted) if (await exists(system)) return imageOf(system);
    const [first = ubuntu] = wanted;
    const pulled = await pull(first.base, tell);
    if (pulled.ok) {
      tell(`${first.name}: building it on the official ${first.base}`);
      await build(first, tagOf(first), tell);
      return imageOf(first);
    }
    return await fromPackages(wanted, pulled.why, { yes, tell });
  });
}

async function fromPackages(
  wanted: readonly System[],
  why: string,
  { yes, tell }: { yes: boolean; tell(line: string): void },
): Promise<MachineImage> {
  const system = wanted.find(({ suite }) => suite !== '');
  if (!system || computer().platform !== 'linux') {
    throw unreachable({
      place: wanted[0]?.base ?? 'image',
      what: 'the Docker daemon reaches no registry',
      why,
      todo: `see that it does (docker pull ${wanted[0]?.base}), or on Linux: --image ${debian13.name} is built from the computer's own packages`,
    });
  }
  tell(
    `${system.name}, from this computer's own packages, as the Docker daemon reaches no registry (${why})`,
  );
  await ensurePrograms(treePrograms(computer().root), { yes, progress: tell });
  const archive = await treeOf(system, (line) => tell(`${system.name}: ${line}`));
  tell(`${system.name}: importing it`);
  await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, tagOf(system)]);
  return imageOf(system);
}
