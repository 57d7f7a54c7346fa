import { didYouMean, inputError, ProvisionError } from '../errors.ts';
import type { Host } from '../host.ts';
import { checkExtras, type Extra, extraLayer, type RoleVariables } from '../input/extraVars.ts';
import type { Layer } from '../input/variables.ts';
import { combine } from '../input/yaml.ts';
import type { Approach, Context } from '../language/approach.ts';
import { grouped } from '../language/groups.ts';
import type { RoleCall } from '../language/role.ts';
import { type Secret, secret } from '../shell/secret.ts';

/** One `apply` of an approach, in the order of its code. */
export interface Applied {
  readonly hosts: readonly Host[];
  readonly calls: readonly RoleCall[];
}

/** An action of an approach: provision, rollback or decommission. */
type Action<G extends string> = (context: Context<G>) => Promise<void>;

/**
 * Runs an approach's code without connecting, so that all input is checked before the first connection: which roles it
 * applies to which hosts, with which variables. This is not the dry run of `--check`, which connects. A variable for a
 * role that only one of the `others` applies is not an error: the same command line works for every action.
 *
 * @throws ProvisionError (input)
 */
export async function checkInput<G extends string>(
  approach: Approach<G>,
  hosts: readonly Host[],
  extras: readonly Extra[],
  action: Action<G>,
  ...others: readonly Action<G>[]
): Promise<readonly Applied[]> {
  const applied = await record(approach, hosts, extras, action);
  const elsewhere = await Promise.all(others.map((other) => record(approach, hosts, extras, other)));
  const calls = [...applied, ...elsewhere.flat()].flatMap((one) => one.calls);
  checkExtras(extras, calls);
  checkHostVariables(hosts, calls);
  checkVariables(applied, extras);
  return applied;
}

async function record<G extends string>(
  approach: Approach<G>,
  hosts: readonly Host[],
  extras: readonly Extra[],
  action: Action<G>,
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  await action({
    hosts: grouped(approach.groups, hosts),
    apply: async (to, ...calls) => {
      applied.push({ hosts: [to].flat(), calls });
    },
    remaining: (of) => of,
    read: async (_host, _script, predicted = 'predicted') => predicted,
    facts: async () => SAMPLE,
    variables: (host, call) => variablesOf(call, host, extras),
    environments: approach.environments ?? [],
    warn: () => undefined,
    say: () => undefined,
    confirm: async () => undefined,
    verify: async () => undefined,
    secret: () => secret('predicted'),
    secrets: async <N extends string>(_environment: string, names: readonly N[]) =>
      Object.fromEntries(names.map((name) => [name, secret('predicted')])) as Record<N, Secret>,
    artefact: async (_make, predicted = SOME) => predicted,
  });
  return applied;
}

/** Leaves the host's own variables and `-e` out when one of them is wrong: `checkVariables` lists every problem. */
function variablesOf<V>(call: RoleCall<V>, host: Host, extras: readonly Extra[]): V {
  try {
    return call.resolve(layersOf(call, host, extras)).vars;
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    return call.resolve([]).vars;
  }
}

/** Collects the problems of all hosts into one error. A problem that several hosts share is listed once. */
function checkVariables(applied: readonly Applied[], extras: readonly Extra[]): void {
  const problems = new Map<string, { place: string; what: string }>();
  const each = applied.flatMap(({ hosts, calls }) =>
    hosts.flatMap((host) => calls.map((call) => ({ host, call }))),
  );
  for (const { host, call } of each) {
    try {
      call.resolve(layersOf(call, host, extras));
    } catch (error) {
      if (!(error instanceof ProvisionError)) throw error;
      const { place = call.role, what, why } = error.parts;
      problems.set(error.message, { place, what: [what, why].filter(Boolean).join(': ') });
    }
  }
  if (problems.size > 0) throw combine([...problems.values()]);
}

/** The layers above a role's defaults and the approach's call: the host's own variables, then `-e`. */
export function layersOf(call: RoleVariables, host: Host, extras: readonly Extra[]): readonly Layer[] {
  const own: Layer = {
    values: host.vars[call.role] ?? {},
    where: (path) => placeOf(host, [call.role, ...path]),
  };
  return [own, extraLayer(extras, call)];
}

const placeOf = ({ name, varsAt }: Host, path: readonly PropertyKey[]) =>
  varsAt?.(path) ?? `host ${name}: vars.${path.join('.')}`;

function checkHostVariables(hosts: readonly Host[], calls: readonly RoleCall[]): void {
  const roles = new Set(calls.map(({ role }) => role));
  for (const host of hosts) {
    for (const role of Object.keys(host.vars)) {
      if (roles.has(role)) continue;
      throw inputError({
        place: placeOf(host, [role]),
        what: `the approach applies no role "${role}"${didYouMean(role, roles)} (it applies: ${[...roles].join(', ')})`,
      });
    }
  }
}

/** Facts for the input check, which contacts no host. */
const SAMPLE = {
  distribution: 'debian',
  version: '13',
  codename: 'trixie',
  architecture: 'amd64',
  kernel: '',
  hostname: 'sample',
  cores: 1,
  memory: 1024,
  addresses: [],
  nameservers: [],
  kernelSettings: 'all',
  cgroups: 2,
  privileges: { oomScores: true, devices: true, kernelLog: true, conntrackLimit: true },
  systemd: true,
  emulated: false,
  ipsec: { has: 'unknown', seen: '' },
} as const;

/** The artefact of the input check, which builds nothing. */
const SOME = { version: '0.0.0', file: '/predicted', sha256: '0'.repeat(64), bytes: 0 } as const;
