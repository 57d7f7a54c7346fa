import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeDraft } from '../../../computer/contained.ts';
import { privateFolder } from '../../../computer/files.ts';
import { ensurePrograms } from '../../../computer/install.ts';
import { withLock } from '../../../computer/lock.ts';
import { debianTree, run, treePrograms } from '../../../computer/mmdebstrap.ts';
import { computer } from '../../../computer/programs.ts';
import { requireSpace } from '../../../computer/space.ts';
import { ticking } from '../../../computer/ticking.ts';
import { architecture } from '../../qemu/architecture.ts';
import { imagesFolder } from '../folders.ts';
import { type Image, type Layer, layerOf, writeArchive } from './archive.ts';
import { accounts, dated, packages, type StandIn, standIns, suite } from './images.ts';
import { type Entry, tar } from './tar.ts';

export interface BuildOptions {
  /** Installs missing programs on this computer without confirmation. */
  readonly yes: boolean;
  progress(line: string): void;
}

/** All stand-ins in one archive for `docker load`. */
export interface Built {
  readonly file: string;
  readonly bytes: number;
  /** A short hash of what defines them, which is also the label `theapp.stand-in.recipe` of each image. */
  readonly recipe: string;
  readonly names: readonly string[];
  /** Whether they had been built before. */
  readonly reused: boolean;
}

/**
 * Builds images with the names of official ones from Debian packages, for computers that cannot reach a registry. This
 * does not require Docker. All images share one layer with all programs, which a machine loads only once.
 *
 * @throws ProvisionError (failed)
 */
export async function buildStandIns({ yes, progress }: BuildOptions): Promise<Built> {
  const recipe = recipeOf(process.version);
  const file = join(privateFolder(imagesFolder()), `containers-${recipe}.tar.gz`);
  const built = (reused: boolean): Built => ({
    file,
    bytes: statSync(file).size,
    recipe,
    names: standIns.map(({ name }) => name),
    reused,
  });
  return await withLock(file, 'building container images', progress, async () => {
    if (existsSync(file)) return built(true);
    await ensurePrograms(treePrograms(computer().root), { yes, progress });
    await ticking(progress, 'building', (update) => make(file, recipe, update));
    return built(false);
  });
}

/** A hash of everything that defines the archive, except the versions of Debian's packages. */
function recipeOf(node: string): string {
  const parts = [architecture().name, node, suite, packages, trimmed, dated, standIns];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

async function make(file: string, recipe: string, update: (words: string) => void): Promise<void> {
  const draft = `${file}.draft`;
  await removeDraft(draft);
  for (const name of ['tmp', 'archive']) privateFolder(join(draft, name));
  requireSpace(draft, 3, 'building container images');
  try {
    const programs = join(draft, 'programs.tar');
    await debianTree({ suite, packages, options: trimmed, draft, file: programs, env: dated }, update);
    update('building: adding Node.js');
    const layers = { programs: await layerOf(programs), node: await nodeLayer(draft) };
    const images = await Promise.all(standIns.map((one) => image(one, draft, recipe, layers)));
    update('building: packing');
    await writeArchive(images, architecture().name, join(draft, 'archive'), join(draft, 'archive.tar.gz'));
    renameSync(join(draft, 'archive.tar.gz'), file);
  } finally {
    await removeDraft(draft);
  }
}

/** Options that omit what no container needs, and what is specific to this computer. */
const trimmed = [
  '--variant=essential',
  '--skip=output/dev',
  '--skip=output/mknod',
  ...['doc', 'man', 'info', 'locale', 'lintian'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  `--customize-hook=set -e
rm -rf "$1"/etc/nginx/sites-enabled "$1"/etc/nginx/sites-available "$1"/etc/redis "$1"/var/lib/mysql
rm -rf "$1"/usr/share/perl/* "$1"/var/log/nginx/* "$1"/etc/resolv.conf "$1"/etc/hostname
rm -f "$1"/etc/shadow "$1"/etc/shadow- "$1"/etc/gshadow "$1"/etc/gshadow- "$1"/etc/passwd- "$1"/etc/group-`,
];

/** The Node.js that runs this code, which has the pinned version. */
async function nodeLayer(draft: string): Promise<Layer> {
  const tree = join(draft, 'node');
  mkdirSync(join(tree, 'usr/local/bin'), { recursive: true });
  const file = join(draft, 'node.tar');
  const script = `set -e
install -m 755 "$1" node/usr/local/bin/node
tar --create --sort=name --mtime=@315532800 --owner=0 --group=0 --numeric-owner -C node usr/local/bin/node >"$2"`;
  await run(['sh', '-c', script, 'node', process.execPath, file], { doing: 'copying Node.js', cwd: draft });
  return await layerOf(file);
}

async function image(
  standIn: StandIn,
  draft: string,
  recipe: string,
  layers: { programs: Layer; node: Layer },
): Promise<Image> {
  const { name, files, config } = standIn;
  const file = join(draft, `${name.replace(/\W/g, '-')}.tar`);
  const entries: Entry[] = [...accounts(standIn), ...files];
  writeFileSync(file, tar(entries));
  const own = await layerOf(file);
  const Labels = {
    'org.opencontainers.image.title': `stand-in for ${name}, from Debian's packages`,
    'theapp.stand-in': name,
    'theapp.stand-in.recipe': recipe,
  };
  const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const below = name.startsWith('node:') ? [layers.programs, layers.node] : [layers.programs];
  return { name, layers: [...below, own], config: { Env, ...config, Labels } };
}
