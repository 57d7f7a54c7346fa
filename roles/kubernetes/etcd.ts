import type { Change, Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** A member of etcd. One that has never started has no name. */
export interface Etcd {
  readonly id: string;
  readonly name: string;
}

const KEYS = '/etc/kubernetes/pki/etcd';

/** Asks the etcd of this control plane (etcd's API by JSON). It answers without the others, and without an API server. */
const asked = (path: string, body: string) =>
  sh`curl --silent --show-error --fail-with-body --max-time 10 --cacert ${`${KEYS}/ca.crt`} --cert ${`${KEYS}/healthcheck-client.crt`} --key ${`${KEYS}/healthcheck-client.key`} --data ${body} ${`https://127.0.0.1:2379/v3/cluster/member/${path}`}`;

/** Prints the members that the etcd of this control plane knows. */
export const listEtcd = sh`${asked('list', '{}')} 2>/dev/null || :`;

export function parseEtcd(printed: string): Etcd[] {
  const text = /^\{.*\}$/m.exec(printed)?.[0];
  if (text === undefined) return [];
  const { members = [] } = JSON.parse(text) as { members?: { ID: string; name?: string }[] };
  return members.map(({ ID, name = '' }) => ({ id: ID, name }));
}

/**
 * etcd has no members but those of these control planes: a lost member counts for the quorum, and no control plane can
 * join. etcd itself refuses to remove a member that the others cannot do without.
 */
export const etcdMembers = (keep: readonly string[]): Resource<readonly Etcd[]> => ({
  kind: 'kubernetes',
  name: 'members of etcd',
  probe: { script: listEtcd, read: ({ stdout }) => parseEtcd(stdout) },
  plan: (members) =>
    members
      .filter(({ name }) => !keep.includes(name))
      .map(
        ({ id, name }): Change => ({
          summary: `remove ${name || 'a member that has never started'}`,
          script: sh`${asked('remove', JSON.stringify({ ID: id }))} >/dev/null`,
        }),
      ),
});
