import type { Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

export const PROGRAM = '/usr/local/bin/helm';
/** Which archive the program is from, and its size and time: it is installed again if somebody has replaced it. */
export const RECORD = '/usr/local/share/provision-helm';

/** The program from an archive, which the host downloads and checks before it unpacks it. */
export function program({
  version,
  url,
  sha256,
}: {
  version: string;
  url: string;
  sha256: string;
}): Resource<string> {
  return {
    kind: 'helm.program',
    name: PROGRAM,
    probe: {
      script: sh`if [ -e ${PROGRAM} ]; then
if [ "$(cat ${RECORD} 2>/dev/null)" = ${sha256}" $(stat -c '%s %Y %a %U' ${PROGRAM})" ]; then echo same; else echo other; fi
fi`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (state) => {
      if (state === 'same') return [];
      const script = sh`d=$(mktemp -d /usr/local/bin/.helm.XXXXXX)
trap 'rm -rf -- "$d"' EXIT
curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 --max-time 900 --output "$d"/archive ${url}
found=$(sha256sum <"$d"/archive | cut -c 1-64)
if [ "$found" != ${sha256} ]; then
echo ${`the sha256 of ${url} differs: expected ${sha256}, found `}"$found" >&2
exit 1
fi
tar -xz -C "$d" --no-same-owner --strip-components=1 --wildcards -f "$d"/archive '*/helm'
chown root:root "$d"/helm
chmod 0755 "$d"/helm
"$d"/helm version --short >/dev/null
mv -fT "$d"/helm ${PROGRAM}
umask 022
mkdir -p /usr/local/share
echo ${sha256}" $(stat -c '%s %Y %a %U' ${PROGRAM})" >${RECORD}`;
      return [{ summary: `${state === '' ? 'install' : 'replace by'} Helm ${version}`, script }];
    },
    hint: `the host must reach ${url}; or name another place: -e helm.url=… -e helm.sha256=…`,
    timeout: 1200,
  };
}
