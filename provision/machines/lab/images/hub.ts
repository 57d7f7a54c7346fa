import type { Pull } from '../../provider.ts';

const registries = ['https://registry-1.docker.io/v2/'];
const upstream = ['https://registry.k8s.io/v2/', 'https://pkgs.k8s.io/', 'https://get.helm.sh/'];

/** A command that succeeds on a machine that can reach all it pulls from. Any HTTP response counts, even an error. */
export const checkReach = (pulls: readonly Pull[]): string[] => [
  ...['curl', '--silent', '--show-error', '--fail-early', '--max-time', '6'],
  ...[...registries, ...(needsKubernetes(pulls) ? upstream : [])].flatMap((url) => [
    '--output',
    '/dev/null',
    url,
  ]),
];

/** Whether the roles pull more than images of Docker Hub. */
export const needsKubernetes = (pulls: readonly Pull[]) =>
  pulls.some((role) => role !== 'docker' && role !== 'image');
