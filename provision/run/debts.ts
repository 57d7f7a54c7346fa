import type { Handler, Probe } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';

/** The folder on a host that lists the handlers that still have to run, one empty file each. */
const FOLDER = '/var/lib/provision/owed';
const LOG = '/var/log/provision.log';

/** The name of a debt on the host: the role, and the handler that it owes. */
export const debt = (role: string, { name }: Handler): string => encodeURIComponent(`${role}: ${name}`);

/** The debts that an earlier run left because it was killed or a handler failed. */
export const debtsProbe: Probe<ReadonlySet<string>> = {
  script: sh`if [ -d ${FOLDER} ]; then ls ${FOLDER}; fi`,
  read: ({ stdout }) => new Set(stdout.split('\n').filter(Boolean)),
};

/**
 * Runs before a change: adds a line to the log on the host, and records the handlers that the change will owe. The
 * records are synced, so a power cut after the change does not lose the restart.
 */
export function note(line: string, debts: readonly string[]): Script {
  const files = debts.map((name) => `${FOLDER}/${name}`);
  const owe =
    files.length > 0
      ? sh`mkdir -p ${FOLDER}; for f in ${files}; do : >"$f"; done; sync ${files} ${FOLDER}`
      : sh`:`;
  return sh`printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${line} >>${LOG}
${owe}`;
}

/** Removes the record of a debt, once its handler has succeeded. */
export const paid = (name: string): Script => sh`rm -f ${`${FOLDER}/${name}`}; sync ${FOLDER}`;
