import { type Resource, write } from '../../../provision/authoring.ts';
import { sh } from '../../../provision/index.ts';
import type { Member } from '../vars.ts';
import { FOLDER } from './files.ts';

const NODES = `${FOLDER}/nodes`;

/**
 * The nodes whose kubelets get serving certificates, with the addresses that the provisioner knows. Those of hosts that
 * the run does not reach are kept.
 */
export const knownNodes = (
  members: readonly Member[],
  absentees: readonly string[],
): Resource<readonly Member[]> => ({
  kind: 'kubernetes',
  name: 'known nodes',
  probe: {
    script: sh`cat ${NODES} 2>/dev/null || :`,
    read: ({ stdout }) =>
      stdout.split('\n').flatMap((line) => {
        const [host, address] = line.split(' ');
        return host && address ? [{ host, address }] : [];
      }),
  },
  plan: (known) => {
    const after = textOf([...members, ...known.filter(({ host }) => absentees.includes(host))]);
    const before = textOf(known);
    if (before === after) return [];
    const ownership = { owner: 'root', group: 'root', mode: '0644' };
    const script = write(NODES, { text: after, secrets: [] }, ownership);
    return [{ summary: 'change them', diff: { path: NODES, before, after }, script }];
  },
});

const textOf = (nodes: readonly Member[]) =>
  nodes
    .map(({ host, address }) => `${host} ${address}\n`)
    .sort()
    .join('');
