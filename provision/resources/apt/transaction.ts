import { type Script, sh } from '../../shell/sh.ts';
import { broken, holder } from './state.ts';

/** Seconds to wait for another apt or dpkg process. */
const LOCK_SECONDS = 900;

/** Errors that can mean an index truncated by a power cut: apt still reads it, but packages are missing from it. */
const TORN = 'could not be parsed|held broken packages|unmet dependencies';
/** Errors that a new index and new downloads may resolve. */
const STALE = `${TORN}|Unable to locate package|no installation candidate|was not found|Unable to fetch some archives|Failed to fetch|Hash Sum mismatch|find an archive for it|dpkg-deb: error|unexpected end of file`;

/**
 * Runs apt-get without questions and keeps configuration files that were edited. It waits for other package managers
 * and reports which process it waits for; repairs an interrupted installation; refreshes the index if it is older than
 * a day, older than the sources, or lacks a package; and reports its progress.
 */
export function install(args: readonly string[]): Script {
  return transaction(sh`repair
if ! fresh; then update; fi
get install ${args}`);
}

/** Removes packages. The repair comes last, because the removed package may be the one that cannot be configured. */
export function remove(verb: 'remove' | 'purge', names: readonly string[]): Script {
  return transaction(sh`configure
get ${verb} ${names}
repair`);
}

/** Only completes an interrupted installation. */
export function repair(): Script {
  return transaction(sh`repair`);
}

function transaction(script: Script): Script {
  return sh`umask 022
export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
export UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
e=$(mktemp)
trap 'rm -f "$e"' EXIT
exec 4>&1
updated=
${broken}
${holder}
${functions}
unlocked
${script}`;
}

const functions = sh`unlocked() {
w=0 s=
while h=$(holder); do
if [ "$w" -ge ${LOCK_SECONDS} ]; then echo "gave up after $w s: $h" >&2; exit 1; fi
if [ "$h" != "$s" ]; then echo "waiting: $h" >&9; s=$h; fi
sleep 1
w=$((w + 1))
done
}
progress() {
l=
while IFS=: read -r k n p x; do
case $k in
exit) return "$n";;
dlstatus|pmstatus) if [ "$p$x" != "$l" ]; then printf '%.0f %% %s\n' "$p" "$x" >&9 || :; fi; l=$p$x;;
esac
done
return 1
}
apt() {
{
r=0
apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 3>&1 >&4 2>"$e" 9>&- || r=$?
echo "exit:$r"
} | progress
}
failed() { cat "$e" >&2; exit 1; }
fresh() {
if [ -z "$(find /var/lib/apt/lists -maxdepth 0 -mmin -1440)" ]; then return 1; fi
if [ -n "$(find /etc/apt/sources.list /etc/apt/sources.list.d -newer /var/lib/apt/lists 2>/dev/null)" ]; then return 1; fi
for f in /var/lib/apt/lists/*Release; do if [ -e "$f" ]; then return 0; fi; done
return 1
}
update() {
unlocked
echo 'refreshing the package index' >&9
apt update || failed
touch /var/lib/apt/lists
updated=1
}
configure() {
if broken; then
echo 'repairing an interrupted installation' >&9
apt-get clean
dpkg --force-confdef --force-confold --configure -a >&4 2>"$e" 9>&- || :
fi
}
repair() {
configure
if broken; then get -f install; fi
}
get() {
unlocked
if apt "$@"; then return 0; fi
if [ "$updated" ] || ! grep -Eq ${STALE} "$e"; then failed; fi
if grep -Eq ${TORN} "$e"; then rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin; fi
apt-get clean
update
apt "$@" || failed
}`;
