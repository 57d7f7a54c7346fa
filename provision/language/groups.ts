import { inputError } from '../errors.ts';
import type { Host } from '../host.ts';

/** The hosts of an approach by group. @throws ProvisionError (input) for a group without hosts */
export function grouped<G extends string>(
  groups: readonly G[],
  hosts: readonly Host[],
): Record<G | 'all', readonly Host[]> {
  const entries = groups.map((group) => {
    const members = hosts.filter((host) => host.groups.includes(group));
    if (members.length > 0) return [group, members] as const;
    throw inputError({
      what: `no host is in the group "${group}"`,
      todo: `add groups: [${group}] to a host in machines.yml or in the inventory`,
    });
  });
  return Object.fromEntries([...entries, ['all', hosts]]) as Record<G | 'all', readonly Host[]>;
}
