import { type Script, sh } from '../shell/sh.ts';

const FILE = '/run/provision.lock';
/** The exit code that says somebody else holds the lock (EX_TEMPFAIL of sysexits.h). */
export const HELD = 75;

/**
 * Takes the host's lock for as long as the session's own shell lives: flock(2) on descriptor 8, which no step
 * inherits. Says who holds it otherwise.
 */
export const takeLock = (who: string): Script => sh`{
[ -w /run ] || { echo "/run cannot be written"; (exit 1); }
} && exec 8>>${FILE} && if flock -n 8; then
printf '%s\n' ${who} >${FILE}
else
cat ${FILE}; exec 8>&-; (exit ${HELD})
fi`;
