import { didYouMean, inputError } from '../errors.ts';
import type { Extra } from '../input/extraVars.ts';
import type { Approach } from '../language/approach.ts';
import type { Arguments } from './arguments.ts';

/** An approach limited to the environments that a command works on, and the variables of roles. */
export interface Chosen {
  readonly approach: Approach;
  readonly extras: readonly Extra[];
}

type Words = Pick<Arguments, 'command' | 'environment' | 'decommission' | 'rollback'>;

/**
 * Limits an approach to the environment that a word or `-e environment=NAME` names, which is no variable of a role.
 *
 * @throws ProvisionError (input) for an unknown environment, and where one is missing or has no meaning
 */
export function chooseEnvironment(
  name: string,
  approach: Approach,
  extras: readonly Extra[],
  args: Words,
): Chosen {
  const { environments = [] } = approach;
  checkCommand(name, approach, args);
  if (environments.length === 0) return { approach, extras };
  const named = extras.filter(({ role, key }) => role === undefined && key === 'environment');
  if (named.length > 0) refuseWhereUseless(name, environments, args);
  for (const { value } of named) known('-e environment', environments, value);
  const one = args.environment ?? named.at(-1)?.value;
  if (one === undefined && args.rollback) throw rollbackOfAll(environments);
  const chosen =
    args.command === 'promote'
      ? environments.slice(1, 2)
      : environments.filter((each) => one === undefined || each === one);
  return {
    approach: { ...approach, environments: chosen },
    extras: extras.filter((extra) => !named.includes(extra)),
  };
}

function checkCommand(name: string, approach: Approach, { command, environment }: Words): void {
  const { environments = [] } = approach;
  if (command === 'provision') return;
  if (environments.length === 0 || !approach[command])
    throw inputError({
      place: name,
      what: `this approach has ${environments.length === 0 ? 'no environments' : `no ${command} function`}`,
      todo: `npm run provision -- ${name} builds the current release and rolls it out`,
    });
  if (command !== 'deploy') return;
  if (environment === undefined)
    throw inputError({
      what: `no environment was named (environments: ${environments.join(', ')})`,
      todo: deployTo(name, environments),
    });
  known('environment', environments, environment);
}

const deployTo = (name: string, [first]: readonly string[]) => `npm run deploy -- ${name} ${first}`;

function known(place: string, environments: readonly string[], value: unknown): void {
  if (environments.some((one) => one === value)) return;
  throw inputError({
    place,
    what: `expected one of ${environments.join(', ')}, found "${value}"${didYouMean(`${value}`, environments)}`,
  });
}

function refuseWhereUseless(
  name: string,
  environments: readonly string[],
  { command, decommission }: Words,
): void {
  const place = '-e environment';
  const [from, to] = environments;
  if (command === 'deploy')
    throw inputError({
      place,
      what: 'npm run deploy takes the environment as a word',
      todo: deployTo(name, environments),
    });
  if (command === 'promote')
    throw inputError({
      place,
      what: `a promotion goes from ${from} to ${to}`,
      todo: 'leave this variable out',
    });
  if (decommission)
    throw inputError({
      place,
      what: '--decommission removes everything, with all environments',
      todo: 'leave this variable out',
    });
}

const rollbackOfAll = (environments: readonly string[]) =>
  inputError({
    place: '--rollback',
    what: `no environment was named (environments: ${environments.join(', ')})`,
    todo: `add ${environments.map((one) => `-e environment=${one}`).join(' or ')}`,
  });
