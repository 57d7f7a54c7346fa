import { KUBECONFIG, kubectl } from '../../../provision/authoring.ts';
import { type Context, type Host, helm, lines, type Script, sh } from '../../../provision/index.ts';

/**
 * The digests of all images in use: of each revision that Helm can roll an environment back to, and of each pod that
 * Kubernetes runs or would start again. Includes images of other programs.
 */
export async function digestsInUse(
  { read }: Pick<Context<string>, 'read'>,
  home: Host,
  environments: readonly string[],
): Promise<string[]> {
  const scripts: Script[] = [IMAGES];
  for (const namespace of environments)
    for (const { revision } of helm.revisionsOf(await read(home, helm.history('theapp', { namespace }), '')))
      scripts.push(sh`( ${helm.values('theapp', { namespace, revision })} )`);
  const printed = await read(home, lines(scripts), '');
  return [...new Set(printed.match(/sha256:[0-9a-f]{64}/g) ?? [])];
}

/** Includes the images that somebody has set by hand. */
const IMAGES = sh`if [ -e ${KUBECONFIG} ]; then
${kubectl} get pods,replicasets,deployments --all-namespaces --output=jsonpath='{..image}'
fi`;
