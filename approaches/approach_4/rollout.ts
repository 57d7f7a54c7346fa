import {
  type Context,
  failure,
  type Host,
  helm,
  inputError,
  type RoleCall,
  secret,
} from '../../provision/index.ts';
import { noPrevious } from '../rollback.ts';
import { passwordsOf } from './passwords.ts';
import { account } from './registry.ts';
import { PREDICTED, runningIn } from './releases.ts';
import { theapp } from './theapp/index.ts';

/** The environments, and the port of each on every node. A release reaches them in this order. */
export const environments = { staging: 30081, production: 30080 } as const;
export type Environment = keyof typeof environments;

type Work = Pick<Context<string, Environment>, 'apply' | 'read' | 'say' | 'secret' | 'secrets' | 'variables'>;

/** Rolls a release out in an environment, with the secrets of that environment. */
export async function rollOut(
  work: Work,
  home: Host,
  given: { readonly environment: Environment; readonly app_image: string; readonly version: string },
): Promise<void> {
  const of = await passwordsOf(work, home, given.environment);
  const call = theapp({
    ...given,
    registry: account(work),
    mysql_root_password: of.mysql_root,
    mysql_replication_password: of.mysql_replication,
    mysql_password: of.mysql,
    redis_password: of.redis,
    checksum_key: of.checksum,
  });
  await applyIn(work, home, given.environment, call);
}

/** For variables that require a secret, although a rollback uses none. */
const none = secret('-');

/**
 * Rolls an environment back to the previous release. The data services stay as they are.
 *
 * @throws ProvisionError (failed) if there is none, or no cluster
 */
export async function rollBack(work: Work, home: Host, environment: Environment): Promise<void> {
  if (!(await runningIn(work, home, environment)))
    throw failure({
      place: environment,
      what: 'nothing was rolled back',
      why: 'no release runs there',
      todo: `npm run deploy -- approach_4 ${environment}`,
    });
  const history = await work.read(home, helm.history('theapp', { namespace: environment }), PREDICTED);
  const revision = helm.previousOf(history);
  if (revision === undefined) throw noPrevious(environment);
  const call = theapp({
    environment,
    revision,
    app_image: `none@sha256:${'0'.repeat(64)}`,
    registry: { ...account(work), password: none },
    mysql_root_password: none,
    mysql_replication_password: none,
    mysql_password: none,
    redis_password: none,
    checksum_key: none,
  });
  await applyIn(work, home, environment, call);
}

async function applyIn(
  { apply, variables }: Work,
  home: Host,
  environment: Environment,
  call: RoleCall<{ environment: Environment }>,
): Promise<void> {
  if (variables(home, call).environment !== environment)
    throw inputError({
      place: 'theapp.environment',
      what: 'this variable cannot be set: it would apply to every environment',
      todo: `to work on one environment: -e environment=${environment}`,
    });
  await apply(home, call);
}
