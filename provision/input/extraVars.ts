import { parse } from 'yaml';
import { didYouMean, inputError } from '../errors.ts';
import { type Layer, unknownVariable } from './variables.ts';
import { combine } from './yaml.ts';

/** A variable set with `-e`: for one role (`nginx.port=80`), or for the only role that has it (`port=80`). */
export interface Extra {
  readonly role?: string;
  readonly key: string;
  readonly value: unknown;
  /** As written on the command line. */
  readonly text: string;
}

/** The name of a role and the names of its variables. */
export interface RoleVariables {
  readonly role: string;
  readonly known: readonly string[];
}

/** @throws ProvisionError (input) if the text is not `key=value` */
export function parseExtra(text: string): Extra {
  const [, role, key, value] = /^(?:([\w-]+)\.)?(\w+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw inputError({
      place: `-e ${text}`,
      what: 'expected role.variable=value',
      todo: 'for example -e nginx.tls=none',
    });
  }
  try {
    return { ...(role === undefined ? {} : { role }), key, value: parse(value) ?? value, text };
  } catch {
    return { ...(role === undefined ? {} : { role }), key, value, text };
  }
}

/** Checks that every `-e` sets a variable of a role that the approach applies. @throws ProvisionError (input) */
export function checkExtras(extras: readonly Extra[], calls: readonly RoleVariables[]): void {
  const roles = new Map(calls.map(({ role, known }) => [role, known]));
  const problems = extras.flatMap((extra) => {
    const problem = problemOf(extra, roles);
    return problem ? [{ place: placeOf(extra), ...problem }] : [];
  });
  if (problems.length > 0) throw combine(problems, problems.find(({ todo }) => todo)?.todo);
}

function problemOf(
  { role, key }: Extra,
  roles: ReadonlyMap<string, readonly string[]>,
): { what: string; todo?: string } | undefined {
  if (role !== undefined) {
    const known = roles.get(role);
    const names = [...roles.keys()];
    if (!known) {
      return {
        what: `there is no role "${role}"${didYouMean(role, names)} (the approach applies: ${names.join(', ')})`,
      };
    }
    return known.includes(key) ? undefined : { what: unknownVariable(role, key, known) };
  }
  const owners = [...roles].filter(([, keys]) => keys.includes(key)).map(([name]) => name);
  if (owners.length === 1) return undefined;
  if (owners.length > 1) {
    const what = `several roles have a variable "${key}": ${owners.join(', ')}`;
    return { what, todo: `name the role, for example -e ${owners[0]}.${key}=…` };
  }
  const what = `no role has a variable "${key}"${didYouMean(key, [...roles.values()].flat())}`;
  return { what, todo: 'the defaults.yml of each role lists its variables' };
}

/** Without the value, which may be a secret. */
const placeOf = ({ text }: Pick<Extra, 'text'>) => `-e ${text.split('=')[0]}`;

/** The top layer of a role's variables, from `-e`. */
export function extraLayer(extras: readonly Extra[], { role, known }: RoleVariables): Layer {
  const mine = extras.filter((extra) => (extra.role ?? role) === role && known.includes(extra.key));
  return {
    values: Object.fromEntries(mine.map(({ key, value }) => [key, value])),
    where: ([key]) => placeOf(mine.findLast((extra) => extra.key === key) ?? { text: String(key) }),
  };
}
