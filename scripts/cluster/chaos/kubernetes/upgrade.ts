import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { requireSuccess } from '../provisioner.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from './target.ts';

const defaults = join(import.meta.dirname, '../../../../roles/kubernetes/defaults.yml');

/** The version of Kubernetes that this checkout installs. */
const current = () => (parse(readFileSync(defaults, 'utf8')) as { readonly version: string }).version;

/** A cluster of an older version gets the one of this checkout. */
export const upgrade: Scenario<Target> = {
  name: 'upgrade',
  description: 'Kubernetes is upgraded, one node after another',
  bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: 1200 },
  async skip(target) {
    const { objects } = await target.probe();
    const old = objects.nodes.some(({ status }) => status.nodeInfo?.kubeletVersion !== `v${current()}`);
    return old ? undefined : `the cluster has version ${current()} already`;
  },
  prepare: async (target) => async () => {
    requireSuccess(await target.provision(), 'the upgrade failed');
    return undefined;
  },
};
