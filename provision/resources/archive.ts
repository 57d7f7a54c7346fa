import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Artefact } from '../language/artefact.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { checkSha256, uploading } from './artefact.ts';
import { absolute, account } from './check.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface ArchiveOptions extends Notify {
  /** The number of leading directories to strip from names in the archive; default: 0. */
  stripComponents?: number;
  /** The owner of all unpacked files; default: root. */
  owner?: string;
  group?: string;
}

/** The file in the directory that records which archive it was unpacked from. */
const MARKER = '.provision-archive';

/**
 * A directory with the contents of a local tar archive. The archive is unpacked next to the directory and then renamed,
 * so the directory is never incomplete; its previous contents are removed. tar detects the compression, whose program
 * must be installed on the host.
 */
export function archive(folder: string, source: Artefact, options: ArchiveOptions = {}): Resource<PathState> {
  const name = absolute('archive', folder);
  const place = `archive ${name}`;
  checkSha256(place, source);
  const { stripComponents = 0, owner = 'root', group = 'root' } = options;
  const belongs = `${account(place, owner)}:${account(place, group)}`;
  const marker = `${source.sha256}\n`;
  const sha256 = createHash('sha256').update(marker).digest('hex');
  const upload = sibling(name, 'upload');
  const plan = (state: PathState): Change[] => {
    if (state.kind === 'file' && state.sha256 === sha256) return [];
    const summary = state.kind === 'absent' ? 'unpack' : 'replace: the archive has changed';
    return [uploading(summary, source, upload, unpack(name, upload, marker, stripComponents, belongs))];
  };
  return {
    kind: 'archive',
    name,
    probe: probePath({ path: `${name}/${MARKER}`, sha256, text: 'never' }),
    plan,
    ...notified(options),
  };
}

const sibling = (folder: string, what: string) =>
  posix.join(posix.dirname(folder), `.${posix.basename(folder)}.provision-${what}`);

function unpack(folder: string, upload: string, marker: string, strip: number, belongs: string): Script {
  const [draft, old] = [sibling(folder, 'draft'), sibling(folder, 'old')];
  return sh`rm -rf --one-file-system -- ${[draft, old]}
mkdir -m 0700 -- ${draft}
( umask 022; tar -xf ${upload} -C ${draft} --no-same-owner --same-permissions --strip-components=${strip} )
printf %s ${marker} >${`${draft}/${MARKER}`}
chown -hR ${belongs} ${draft}
chmod 0755 ${draft}
chmod 0644 ${`${draft}/${MARKER}`}
sync -f ${draft}
if [ -e ${folder} ] || [ -L ${folder} ]; then mv -T -- ${folder} ${old}; fi
mv -T -- ${draft} ${folder}
sync ${posix.dirname(folder)}
rm -rf --one-file-system -- ${old}`;
}
