import type { z } from 'zod';
import { absent, apt, type Facts, inputError, role } from '../../provision/index.ts';
import pinned from './pinned.json' with { type: 'json' };
import { PROGRAM, program, RECORD } from './program.ts';
import { vars } from './vars.ts';

/** The pinned Helm, as `helm` on the PATH. Only hosts that install releases need it: the control planes. */
export const helm = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts }) => [apt.packages(['ca-certificates', 'curl']), program(archiveOf(vars, facts))],
  remove: () => [absent(PROGRAM), absent(RECORD), absent('/run/provision-kubernetes')],
});

/** The file to download, and its checksum. @throws ProvisionError (input) if there is no checksum for it */
export function archiveOf(
  { version, url, sha256 }: z.output<typeof vars>,
  { architecture }: Pick<Facts, 'architecture'>,
): { version: string; url: string; sha256: string } {
  const file = (text: string) => text.replaceAll('{version}', version).replaceAll('{arch}', architecture);
  const known =
    file(url) === file(pinned.url) ? pinned.sha256[architecture as keyof typeof pinned.sha256] : undefined;
  const checksum = sha256 ?? known;
  if (checksum) return { version, url: file(url), sha256: checksum };
  throw inputError({
    place: 'helm.sha256',
    what: `no checksum is known for ${file(url)}`,
    todo: `set -e helm.sha256=… to the content of ${file(url)}.sha256sum`,
  });
}
