import { createHash } from 'node:crypto';
import { KUBECONFIG, kubectl } from '../../provision/authoring.ts';
import { type Context, failure, type Host, helm, type Script, sh } from '../../provision/index.ts';
import { type Image, nameOf, partsOf } from './image.ts';

/** The release that runs in an environment. */
export interface Running {
  /** TheAPP's image, with its digest. */
  readonly image: string;
  readonly version: string;
  /** Whether somebody has changed the image since it was deployed. */
  readonly changed: boolean;
  /** Why the last update failed, if it did: the previous release runs again. */
  readonly failed?: string;
}

/** A release in words. */
export const shown = (running: Running | undefined): string =>
  running ? `${running.version} (${/sha256:.{12}/.exec(running.image)?.[0] ?? running.image})` : 'no release';

/**
 * What runs in an environment: the image of its replicas now, and the version that Helm has recorded. Undefined if
 * TheAPP has not been deployed there.
 *
 * @throws ProvisionError (failed) if the host has no cluster
 */
export async function runningIn(
  { read }: Pick<Context<string>, 'read'>,
  home: Host,
  namespace: string,
): Promise<Running | undefined> {
  const image = await read(home, runningImage(namespace), predictedImage(namespace));
  if (image === NO_CLUSTER) throw noCluster(home);
  const inUse = async (name: string) =>
    helm.inUse(await read(home, helm.history(name, { namespace }), PREDICTED));
  const [data, app] = [await inUse('theapp-data'), await inUse('theapp')];
  if (!app || image === '') return undefined;
  const recorded = await read(
    home,
    helm.values('theapp', { namespace }),
    JSON.stringify({ image: partsOf(image) }),
  );
  const failed = app.failed ?? data?.failed;
  return {
    image,
    version: app.describes,
    changed: image !== nameOf((JSON.parse(recorded) as { image: Image }).image),
    ...(failed === undefined ? {} : { failed }),
  };
}

/** For the check of the input, which contacts no cluster: the printed history of a release with two revisions. */
export const PREDICTED = JSON.stringify([
  { revision: 1, status: 'superseded', description: '0.0.0' },
  { revision: 2, status: 'deployed', description: '0.0.1' },
]);
/** Another one in each environment. */
const predictedImage = (namespace: string) =>
  `registry:5000/theapp@sha256:${createHash('sha256').update(namespace).digest('hex')}`;

const NO_CLUSTER = 'no cluster';

const runningImage = (namespace: string): Script => sh`if ! [ -e ${KUBECONFIG} ]; then
echo ${NO_CLUSTER}
exit 0
fi
${kubectl} get deployment theapp --namespace=${namespace} --ignore-not-found --output=go-template=${IMAGE}`;

const IMAGE = '{{range .spec.template.spec.containers}}{{if eq .name "theapp"}}{{.image}}{{end}}{{end}}';

const noCluster = ({ name }: Host) =>
  failure({
    place: name,
    what: 'this machine has no cluster yet',
    todo: 'create it, with all environments: npm run provision -- approach_4',
  });
