import { KUBECONFIG, kubectl } from '../../provision/authoring.ts';
import { type Context, failure, type Host, type Script, type Secret, sh } from '../../provision/index.ts';

const passwords = ['mysql_root', 'mysql_replication', 'mysql', 'redis', 'checksum'] as const;

/** What to do with a password that MariaDB keeps from its first start. */
const FIXED =
  'MariaDB keeps it from its first start: change it there first (ALTER USER, CHANGE MASTER TO), then with npm run secrets -- edit';
/** The passwords that MariaDB does not take over, each with what to do instead. */
export const fixedPasswords: Readonly<Record<string, string>> = {
  mysql_root: FIXED,
  mysql_replication: FIXED,
};

/**
 * The secrets of an environment. Those that are missing are generated, unless MariaDB already runs there with others.
 *
 * @throws ProvisionError (failed) in that case
 */
export const passwordsOf = (
  { secrets, read }: Pick<Context<string>, 'secrets' | 'read'>,
  home: Host,
  environment: string,
): Promise<Record<(typeof passwords)[number], Secret>> =>
  secrets(environment, passwords, async (missing) => {
    const fixed = missing.filter((name) => name in fixedPasswords);
    if (fixed.length > 0 && (await read(home, deployed(environment), '')) !== '')
      throw inUse(environment, fixed);
  });

/** Prints the name of the Secret with the passwords of an environment, or nothing. */
const deployed = (namespace: string): Script => sh`if ! [ -e ${KUBECONFIG} ]; then exit 0; fi
${kubectl} get secret theapp-secrets --namespace=${namespace} --ignore-not-found --output=name`;

const inUse = (environment: string, missing: readonly string[]) =>
  failure({
    place: environment,
    what: `no new ${missing.join(' and ')} can be generated`,
    why: `MariaDB already runs in this environment, and keeps the ${missing.length > 1 ? 'passwords' : 'password'} of its first start`,
    todo: `get secrets/${environment}.age and its key from whoever deployed ${environment}; or, if both are lost, copy the passwords from the cluster: see "Lost secrets" in approaches/approach_4/README.md`,
  });
