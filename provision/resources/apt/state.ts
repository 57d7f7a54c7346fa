import { failure } from '../../errors.ts';
import type { Batch } from '../../language/resource.ts';
import type { Seen } from '../../shell/exchange.ts';
import { type Script, sh } from '../../shell/sh.ts';

/** The packages to probe; with `provided`, a package that provides the name is enough. */
export interface AptQuery {
  readonly names: readonly string[];
  readonly provided: boolean;
}

/** A package as known to dpkg. */
export interface Package {
  readonly name: string;
  readonly architecture: string;
  /** As `dpkg -l` shows it, two letters: `ii` installed, `hi` held, `rc` removed, `iU` unpacked, `iF` half-configured … */
  readonly status: string;
  readonly version: string;
}

export interface AptState {
  readonly packages: readonly Package[];
  /** Names that installed packages provide; only probed if a requested package is not installed. */
  readonly provided: ReadonlySet<string>;
  /** Whether dpkg was interrupted and no process is using it now. */
  readonly broken: boolean;
}

/** Probes all packages of one exchange, with one `dpkg-query` and one `grep` if all are installed. */
export const packages: Batch<AptQuery, AptState> = { name: 'packages', script, read };

/** A format for dpkg-query: each field followed by a bar. */
const fields = (...names: string[]) => `${names.map((name) => `\${${name}}|`).join('')}\n`;
const STATUS = fields('db:Status-Abbrev', 'Package', 'Architecture', 'Version');
const PROVIDES = fields('db:Status-Status', 'Provides');

function script(queries: readonly AptQuery[]): Script {
  const names = [...new Set(queries.flatMap(({ names }) => names))];
  const needed = [...new Set(queries.flatMap(({ names, provided }) => (provided ? names : [])))];
  return sh`if ! command -v dpkg-query >/dev/null; then echo none; exit 0; fi
n='
'
o=$(dpkg-query -W -f ${STATUS} ${names} 2>/dev/null) || :
printf '%s\n' "$o"
m=
for p in ${needed}; do case "$n$o" in *"$n"[ih]"i |$p|"*) ;; *) m=1;; esac; done
echo provided
if [ "$m" ]; then dpkg-query -W -f ${PROVIDES} | grep '^installed|.' || :; fi
${broken}
if broken; then
${holder}
if ! holder >/dev/null; then echo broken; fi
fi`;
}

/** `broken` returns 0 if dpkg's journal is not empty or a package is only partly installed. */
export const broken = sh`broken() {
for f in /var/lib/dpkg/updates/[0-9]*; do if [ -e "$f" ]; then return 0; fi; done
grep -Eq '^Status: .* (half-|unpacked|triggers-)|^Status: [^ ]+ reinst' /var/lib/dpkg/status
}`;

/**
 * `holder` prints which process holds a lock of apt or dpkg (fcntl locks, as listed in /proc/locks), or returns 1. Only
 * a process that has the file open counts, because the same inode number may exist on another file system.
 */
export const holder = sh`holder() {
for l in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
if [ ! -e "$l" ]; then continue; fi
i=$(stat -c %i "$l")
while read -r _ k _ _ q v _; do
case $k:$v in POSIX:*:"$i") ;; *) continue;; esac
for f in /proc/"$q"/fd/*; do
if [ "$f" -ef "$l" ]; then
c=; read -r c </proc/"$q"/comm || :
echo "$c (process $q) holds $l"
return 0
fi
done
done </proc/locks
done
return 1
}`;

function read({ stdout, stderr }: Seen, queries: readonly AptQuery[]): AptState[] {
  const all = stdout.trimEnd().split('\n');
  if (all[0] === 'none')
    throw failure({
      what: 'this host has no dpkg',
      why: 'expected Debian or Ubuntu',
      todo: 'use a machine with Debian 12 or 13, or Ubuntu 22.04 or 24.04',
    });
  const at = all.indexOf('provided');
  if (at < 0)
    throw failure({
      what: 'the packages could not be probed',
      said: stderr,
      todo: 'run dpkg --audit on the host to see why',
    });
  const found = all.slice(0, at).flatMap((line): Package[] => {
    const [status, name, architecture, version] = line.split('|');
    return status && name && architecture !== undefined && version !== undefined
      ? [{ name, architecture, status: status.trim(), version }]
      : [];
  });
  const provided = new Set(all.slice(at + 1).flatMap(provides));
  const state = { packages: found, provided, broken: all.at(-1) === 'broken' };
  return queries.map(() => state);
}

/** `installed|mail-transport-agent, default-mta (= 1)|` */
function provides(line: string): string[] {
  const [status, list] = line.split('|');
  if (status !== 'installed' || !list) return [];
  return list.split(', ').map((entry) => entry.replace(/[ :].*$/, ''));
}
