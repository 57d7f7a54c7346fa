import { type Script, sh } from '../shell/sh.ts';

const FILE = '/run/provision.lock';
/** The exit code when another run holds the lock (EX_TEMPFAIL in sysexits.h). */
export const HELD = 75;

/**
 * Takes the lock on the host for as long as the session's shell lives: flock(2) on file descriptor 8, which no step
 * inherits. When another run holds it, prints who does.
 */
export const takeLock = (who: string): Script => sh`{
[ -w /run ] || { echo "/run is not writable"; (exit 1); }
} && exec 8>>${FILE} && if flock -n 8; then
printf '%s\n' ${who} >${FILE}
else
cat ${FILE}; exec 8>&-; (exit ${HELD})
fi`;
