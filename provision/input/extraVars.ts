import { parse } from 'yaml';
import { didYouMean, inputError } from '../errors.ts';
import { type Layer, unknownVariable } from './variables.ts';

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
  for (const { role, key, text } of extras) {
    const place = `-e ${text}`;
    const known = role === undefined ? undefined : roles.get(role);
    if (role !== undefined && known === undefined) {
      throw inputError({ place, what: `there is no role "${role}"${didYouMean(role, roles.keys())}` });
    }
    if (role !== undefined && known && !known.includes(key)) {
      throw inputError({ place, what: unknownVariable(role, key, known) });
    }
    if (role !== undefined) continue;
    const owners = [...roles].filter(([, keys]) => keys.includes(key)).map(([name]) => name);
    if (owners.length === 1) continue;
    const all = [...roles.values()].flat();
    const what =
      owners.length === 0
        ? `no role has a variable "${key}"${didYouMean(key, all)}`
        : `${owners.join(' and ')} have a variable "${key}"`;
    throw inputError({ place, what, todo: `write -e ${owners[0] ?? 'role'}.${key}=…` });
  }
}

/** The top layer of a role's variables, from `-e`. */
export function extraLayer(extras: readonly Extra[], { role, known }: RoleVariables): Layer {
  const mine = extras.filter((extra) => (extra.role ?? role) === role && known.includes(extra.key));
  return {
    values: Object.fromEntries(mine.map(({ key, value }) => [key, value])),
    where: ([key]) => `-e ${mine.findLast((extra) => extra.key === key)?.text.split('=')[0] ?? String(key)}`,
  };
}
