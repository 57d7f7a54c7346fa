import { inputError } from '../../../errors.ts';
import { built, fileOf, type Program } from './compile.ts';
import { MORE, series, versions } from './versions.ts';

/** Every part of Kubernetes in one program; the name by which it is called selects the part. */
const kubernetes = (version: string): Program => ({
  name: 'kubernetes',
  version,
  module: 'program',
  package: '.',
  variables: kubernetesVersion(version),
});

const helm: Program = {
  name: 'helm',
  version: versions.helm,
  module: 'program',
  package: 'helm.sh/helm/v4/cmd/helm',
  variables: { 'helm.sh/helm/v4/internal/version.version': `v${versions.helm}` },
};

const kubeRouter: Program = {
  name: 'kube-router',
  version: versions.kubeRouter,
  module: 'program',
  package: 'github.com/cloudnativelabs/kube-router/v2/cmd/kube-router',
  variables: { 'github.com/cloudnativelabs/kube-router/v2/pkg/version.Version': `v${versions.kubeRouter}` },
};

const pause: Program = { name: 'pause', version: '1', module: 'pause', package: '.', variables: {} };

const crictl: Program = {
  name: 'crictl',
  version: versions.crictl,
  module: 'program',
  package: 'sigs.k8s.io/cri-tools/cmd/crictl',
  variables: { 'sigs.k8s.io/cri-tools/pkg/version.Version': `v${versions.crictl}` },
};

/** All programs, in the order in which they are built. */
export const allPrograms: readonly Program[] = [
  ...versions.kubernetes.map(kubernetes),
  helm,
  kubeRouter,
  crictl,
  pause,
];

/** The files of all programs. */
export interface Programs {
  readonly kubernetes: readonly { readonly version: string; readonly file: string }[];
  readonly helm: string;
  readonly kubeRouter: string;
  readonly crictl: string;
  readonly pause: string;
}

/** The file of Helm, whether it has been built or not. */
export const helmFile = () => fileOf(helm);

/** Builds the programs that have not been built yet. @throws ProvisionError (failed), or (input) for a wrong version */
export async function builtPrograms(progress: (line: string) => void): Promise<Programs> {
  requireSeries(versions.kubernetes);
  for (const program of allPrograms) await built(program, progress);
  return {
    kubernetes: versions.kubernetes.map((version) => ({ version, file: fileOf(kubernetes(version)) })),
    helm: helmFile(),
    kubeRouter: fileOf(kubeRouter),
    crictl: fileOf(crictl),
    pause: fileOf(pause),
  };
}

/** Another release series consists of other modules. */
export function requireSeries(all: readonly string[]): void {
  const wrong = all.find((version) => !/^1\.\d+\.\d+$/.test(version) || !version.startsWith(`${series}.`));
  if (wrong === undefined) return;
  throw inputError({
    place: MORE,
    what: `expected versions of Kubernetes ${series}, such as ${series}.1, found "${wrong}"`,
    todo: 'correct the environment variable; separate several versions by spaces',
  });
}

function kubernetesVersion(version: string): Record<string, string> {
  const [major = '', minor = ''] = version.split('.');
  const names = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const each = names.map((name) => ({
    [`${name}.gitVersion`]: `v${version}`,
    [`${name}.gitMajor`]: major,
    [`${name}.gitMinor`]: minor,
  }));
  return Object.assign({ 'k8s.io/component-base/version.gitTreeState': 'clean' }, ...each);
}
