import type { Handler, Probe } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';

/** Where a host keeps what the provisioner must not forget: which handlers are owed. */
const FOLDER = '/var/lib/provision/owed';
const LOG = '/var/log/provision.log';

/** A debt's name on the host: which role owes which handler. */
export const debt = (role: string, { name }: Handler): string => encodeURIComponent(`${role}: ${name}`);

/** The debts that an earlier run left: it was killed, or a handler failed. */
export const debtsProbe: Probe<ReadonlySet<string>> = {
  script: sh`if [ -d ${FOLDER} ]; then ls ${FOLDER}; fi`,
  read: ({ stdout }) => new Set(stdout.split('\n').filter(Boolean)),
};

/**
 * Written before a change is made: the journal's line, and the handlers that will be owed. Synced, so that a power
 * cut after the change does not lose the restart.
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

/** A handler that ends well owes nothing any more. */
export const paid = (name: string): Script => sh`rm -f ${`${FOLDER}/${name}`}; sync ${FOLDER}`;
