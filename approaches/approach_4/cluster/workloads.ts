import type { Workload } from './objects.ts';

/** How many pods a workload wants and has. Until its controller has seen its newest revision, no pod has that. */
export function countOf({ kind, metadata, spec, status }: Workload) {
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const [wanted, ready, updated] =
    kind === 'DaemonSet'
      ? [status.desiredNumberScheduled ?? 0, status.numberReady ?? 0, status.updatedNumberScheduled ?? 0]
      : [spec.replicas ?? 1, status.readyReplicas ?? 0, status.updatedReplicas ?? 0];
  return { wanted, ready, updated: seen ? updated : 0 };
}

/** `theapp@sha256:1f0c…` without the registry, and with the first 12 digits of a digest. */
export const shortImage = (image: string): string =>
  image.replace(/^.*\//, '').replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');
