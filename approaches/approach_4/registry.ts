import { buildah, type Context, type Host } from '../../provision/index.ts';
import { image } from '../../roles/image/index.ts';
import { certificatesOf } from '../../roles/registry/index.ts';
import type { theRelease } from '../release/build.ts';
import { DATA } from './infra/index.ts';
import { digestsIn, list } from './retention/images.ts';
import { retention } from './retention/index.ts';
import { digestsInUse } from './retention/used.ts';

type Work = Pick<Context<string>, 'apply' | 'read' | 'secret' | 'variables'>;
type Release = Awaited<ReturnType<typeof theRelease>>;

/** The registry within the cluster, and the account that pulls and pushes. */
export const account = ({ secret }: Pick<Work, 'secret'>) => ({
  host: 'registry.internal',
  port: 5000,
  user: 'theapp',
  password: secret('registry'),
});

/**
 * The control plane that has the registry and its images, builds them, and runs Helm: always the first. Warns if the run
 * does not reach it, because then nothing can be deployed.
 */
export function registryHost(
  { remaining, warn }: Pick<Context<string>, 'remaining' | 'warn'>,
  controlPlanes: readonly Host[],
): Host {
  const first = controlPlanes[0] as Host;
  if (controlPlanes.length > 1 && remaining([first]).length === 0)
    warn(
      `TheAPP is not deployed, because this run does not reach ${first.name}, which has the registry. If that machine is gone for good, remove it from the list of machines: the next control plane then gets the registry`,
    );
  return first;
}

/** Builds the release into an image in the registry, and returns its name with its digest. */
export async function imageIn(work: Work, home: Host, release: Release): Promise<string> {
  const trusted = trustedRegistry(work);
  await work.apply(home, image({ release, registry: trusted }));
  const name = `theapp:${release.version}`;
  const none = `${trusted.host}:${trusted.port}/theapp@sha256:${'0'.repeat(64)}`;
  return (await work.read(home, buildah.image.digestOf(trusted, name), none)).trim() || none;
}

/** Removes old images of TheAPP from the registry, but none that one of the environments uses or can go back to. */
export async function removeOldImages(
  work: Work,
  home: Host,
  environments: readonly string[],
): Promise<void> {
  const registry = { ...trustedRegistry(work), folder: DATA };
  const all = digestsIn(await work.read(home, list(DATA), ''));
  const { images: keep } = work.variables(home, retention());
  const used = all.length > keep ? await digestsInUse(work, home, environments) : [];
  await work.apply(home, retention({ registry, used }));
}

/** The registry as programs on its host use it. */
function trustedRegistry(work: Pick<Work, 'secret'>) {
  const at = account(work);
  return { ...at, certificates: certificatesOf('containerd', at) };
}
