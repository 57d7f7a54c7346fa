import { ensurePrograms } from '../../computer/install.ts';
import { withLock } from '../../computer/lock.ts';
import { treePrograms } from '../../computer/mmdebstrap.ts';
import { computer } from '../../computer/programs.ts';
import { unreachable } from '../../errors.ts';
import { docker, tryDocker } from './client.ts';
import { build, pull } from './official.ts';
import { debian13, type System, systemNamed, ubuntu } from './system.ts';
import { changes, recipeOf, treeOf } from './tree.ts';

export interface Preparing {
  /** The value of `--image`. */
  readonly image: string;
  readonly yes: boolean;
  progress(topic: string, line: string): void;
}

/** An image in this daemon from which machines are created. */
export interface MachineImage {
  readonly name: string;
  readonly tag: string;
}

const tagOf = (system: System) => `theapp-machine:${system.name}-${recipeOf(system)}`;
const imageOf = (system: System): MachineImage => ({ name: system.name, tag: tagOf(system) });

const exists = async (system: System) =>
  (await tryDocker(['image', 'inspect', '--format', '{{.Id}}', tagOf(system)])).ok;

/**
 * Returns the image for `--image`. If the daemon does not have it yet, builds it: on the official image if the daemon
 * can reach a registry, otherwise from this computer's package sources.
 *
 * @throws ProvisionError
 */
export async function machineImage({ image, yes, progress }: Preparing): Promise<MachineImage> {
  const named = systemNamed(image);
  const report = (line: string) => progress('image', line);
  const candidates = named === 'auto' ? [ubuntu, debian13] : [named];
  for (const system of candidates) if (await exists(system)) return imageOf(system);
  return await withLock('docker image', 'preparing an image for containers', report, async () => {
    for (const system of candidates) if (await exists(system)) return imageOf(system);
    const [first = ubuntu] = candidates;
    const pulled = await pull(first.base, report);
    if (pulled.ok) {
      report(`${first.name}: building on the official image ${first.base}`);
      await build(first, tagOf(first), report);
      return imageOf(first);
    }
    return await fromPackages(candidates, pulled.why, { yes, report });
  });
}

async function fromPackages(
  candidates: readonly System[],
  why: string,
  { yes, report }: { yes: boolean; report(line: string): void },
): Promise<MachineImage> {
  const system = candidates.find(({ suite }) => suite !== '');
  if (!system || computer().platform !== 'linux') {
    throw unreachable({
      place: candidates[0]?.base ?? 'image',
      what: 'the Docker daemon cannot reach a registry',
      why,
      todo: `check that it can: docker pull ${candidates[0]?.base}\n  → or on Linux, build an image from this computer's package sources: --image ${debian13.name}`,
    });
  }
  report(
    `${system.name}: building from this computer's package sources, because the Docker daemon cannot reach a registry (${why})`,
  );
  await ensurePrograms(treePrograms(computer().root), { yes, progress: report });
  const archive = await treeOf(system, (line) => report(`${system.name}: ${line}`));
  report(`${system.name}: importing`);
  await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, tagOf(system)]);
  return imageOf(system);
}
