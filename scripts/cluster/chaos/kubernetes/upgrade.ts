import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { requireSuccess } from '../provisioner.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from './target.ts';

const defaults = join(import.meta.dirname, '../../../../roles/kubernetes/defaults.yml');
const OPTION = 'kubernetes.version=';

/** The version that every run of the target provisions: that of `-e kubernetes.version=…`, or the checkout's. */
export function versionOf(words: readonly string[]): string {
  const given = words.findLast((word) => word.startsWith(OPTION))?.slice(OPTION.length);
  return given ?? (parse(readFileSync(defaults, 'utf8')) as { readonly version: string }).version;
}

/** Why this scenario cannot be run on nodes with these versions; undefined if it can. */
export function whyNot(versions: readonly string[], wanted: string): string | undefined {
  const others = versions.filter((version) => version !== wanted);
  if (others.length === 0) return `the cluster has version ${wanted} already`;
  const series = (version: string) => version.replace(/\.\d+$/, '');
  const [other] = others.filter((version) => series(version) !== series(wanted));
  if (other === undefined) return undefined;
  return `an upgrade from ${other} to ${wanted} also moves the pods with local volumes, so writes fail for a while`;
}

/** A cluster with an older patch version gets a newer one. */
export const upgrade: Scenario<Target> = {
  name: 'upgrade',
  description: 'Kubernetes gets a newer patch version, one node after another',
  bounds: { protects: 'all', healthySeconds: 1200 },
  async skip(target) {
    const { objects } = await target.probe();
    const versions = objects.nodes.map(({ status }) => status.nodeInfo?.kubeletVersion?.slice(1) ?? '');
    return whyNot(versions, versionOf(target.words));
  },
  prepare: async (target) => async () => {
    requireSuccess(await target.provision(), 'the upgrade failed');
    return undefined;
  },
};
