import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectedSums } from '../files.ts';
import { ofKind } from '../tasks.ts';
import type { Peer } from './peer.ts';

/** The lower bound: one OpenSSH connection to each host and one script that probes the same 60 things. */
export const floor: Peer = {
  name: 'floor',
  missing: () => undefined,
  prepare({ folder, hosts, key, knownHosts }) {
    writeFileSync(join(folder, 'probes.sh'), probes());
    const options = `-q -i ${word(key)} -o BatchMode=yes -o UserKnownHostsFile=${word(knownHosts)}`;
    const each = hosts.map(
      ({ address, port }) => `ssh ${options} -p ${port} root@${address} sh -s <probes.sh & all="$all $!"\n`,
    );
    writeFileSync(
      join(folder, 'all.sh'),
      `all=\n${each.join('')}r=0\nfor p in $all; do wait "$p" || r=1; done\nexit $r\n`,
    );
    return { argv: ['sh', 'all.sh'], cwd: folder };
  },
  isUnchanged: agrees,
};

/** Whether the output of the probes matches the workload on each of `hosts` hosts. */
export function agrees(output: string, hosts: number): boolean {
  return [...expectedSums()].every(([path, sum]) => output.split(`${sum}  ${path}\n`).length === hosts + 1);
}

/** The script; it fails if one of the 60 things is missing. */
function probes(): string {
  const paths = (...kinds: ('directory' | 'file' | 'template' | 'text' | 'link' | 'touch')[]) =>
    kinds.flatMap((kind) => ofKind(kind).map(({ path }) => path)).join(' ');
  const names = (kind: 'group' | 'user' | 'package') =>
    ofKind(kind)
      .map(({ name }) => name)
      .join(' ');
  const written = paths('file', 'template', 'text');
  const edited = [...new Set(ofKind('line').map(({ path }) => path))].join(' ');
  return `set -e
stat -c '%F %a %U %n' ${paths('directory')}
sha256sum ${written}
stat -c '%a %U %G %n' ${written}
getent group ${names('group')}
getent passwd ${names('user')}
dpkg-query -W -f '\${Package} \${Status}\\n' ${names('package')}
cat ${edited}
readlink ${paths('link')}
ls ${paths('touch')}
`;
}

/** A path, quoted for the shell. */
const word = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;
