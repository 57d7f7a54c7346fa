import { once } from 'node:events';
import type { Command } from 'commander';
import { inputError } from '../../provision/index.ts';
import { blobsOf } from '../../provision/machines/lab/images/blobs.ts';
import { type Built, buildStandIns } from '../../provision/machines/lab/images/build.ts';
import { openMirror } from '../../provision/machines/lab/images/mirror.ts';
import { buildKubernetes } from '../../provision/machines/lab/kubernetes/build.ts';
import type { Progress } from '../command/progress.ts';
import { loadStandIns } from './images/transfer.ts';
import { doorTo, machinesNamed } from './machines.ts';

interface ImagesOptions {
  readonly load: boolean;
  readonly kubernetes: boolean;
  readonly machine?: string;
  readonly yes: boolean;
}

/** The help of the argument `[approach]`. */
export const approachWords = 'a folder in approaches/ (default: approach_0)';

/** `images` and `mirror`: two ways to provide container images to machines that cannot reach a registry. */
export function imageCommands(program: Command, progress: Progress): void {
  program
    .command('images')
    .argument('[approach]', approachWords)
    .description(
      'build container images under the official names from Debian packages, for machines that cannot reach a registry',
    )
    .option('--load', 'also load them into Docker on the machines of the approach', false)
    .option('-m, --machine <name>', 'load them into Docker on this machine only')
    .option(
      '--kubernetes',
      'only build what a Kubernetes cluster downloads, from Go modules; ten minutes at first, then seconds',
      false,
    )
    .option('-y, --yes', 'install missing programs on this computer without asking', false)
    .action(async (approach: string = 'approach_0', { load, machine, kubernetes, yes }: ImagesOptions) => {
      if (kubernetes) return await buildUpstream(yes, progress);
      const machines = load || machine !== undefined ? await machinesNamed(approach, machine) : [];
      const built = await build(yes, progress);
      for (const name of machines) await loadInto(approach, name, built, progress);
    });

  program
    .command('mirror')
    .description(
      'serve the images of npm run lab -- images to virtual machines, as a mirror of Docker Hub, until Ctrl-C',
    )
    .option('-p, --port <number>', 'the port on 127.0.0.1 of this computer', port, 5077)
    .option('-y, --yes', 'install missing programs on this computer without asking', false)
    .action(async (options: { port: number; yes: boolean }) => {
      const built = await build(options.yes, progress);
      const folder = await blobsOf(built.file, (line) => progress.show('mirror', line));
      const mirror = await openMirror([folder], options.port);
      progress.end();
      process.stdout.write(
        `the lab's machines can reach the mirror at ${mirror.url}; press Ctrl-C to stop it\n  npm run provision -- approach_1 -e docker.mirrors=[${mirror.url}]\n`,
      );
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await mirror.close();
    });
}

async function build(yes: boolean, progress: Progress): Promise<Built> {
  const start = performance.now();
  const built = await buildStandIns({ yes, progress: (line) => progress.show('images', line) });
  progress.end();
  const how = built.reused ? 'already built' : `built in ${since(start)}`;
  process.stdout.write(
    `${built.names.join(', ')}: ${how}, ${Math.round(built.bytes / 1e6)} MB in ${built.file}\n`,
  );
  return built;
}

async function buildUpstream(yes: boolean, progress: Progress): Promise<void> {
  const start = performance.now();
  const built = await buildKubernetes({ yes, progress: (line) => progress.show('images', line) });
  progress.end();
  const how = built.reused ? 'already built' : `built in ${since(start)}`;
  process.stdout.write(`${built.images.join(', ')}: ${how}, in ${built.folder}\n`);
}

async function loadInto(approach: string, name: string, built: Built, progress: Progress): Promise<void> {
  const start = performance.now();
  const door = await doorTo(approach, name);
  const loaded = await loadStandIns(door, built, (line) => progress.show(name, line));
  progress.end();
  process.stdout.write(`${name}: ${loaded ? `loaded in ${since(start)}` : 'already loaded'}\n`);
}

const since = (start: number) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw inputError({ place: '--port', what: `expected a port, found "${text}"` });
}
