import { didYouMean, inputError } from '../errors.ts';
import type { Host } from '../host.ts';
import { type Extra, parseExtra } from '../input/extraVars.ts';
import type { Approach, Context } from '../language/approach.ts';
import { choose } from '../machines/choose.ts';
import { loadMachines, type Machine } from '../machines/machines.ts';
import type { Provider, Pull } from '../machines/provider.ts';
import { type Applied, checkInput } from '../run/inputCheck.ts';
import { pool } from '../run/pool.ts';
import { checkKeys } from '../ssh/keys.ts';
import { loadApproach, locate } from './approaches.ts';
import type { Arguments } from './arguments.ts';
import { checkCanAsk } from './combinations.ts';
import { chooseEnvironment } from './environments.ts';
import { limit } from './limit.ts';
import { pulledBy } from './pulls.ts';

export type Action = (context: Context<string>) => Promise<void>;

/** What the command is going to do: all that can be determined and checked before it contacts a machine. */
export interface Decision {
  readonly name: string;
  readonly folder: string;
  /** Limited to the environments that the command works on. */
  readonly approach: Approach;
  readonly machines: Readonly<Record<string, Machine>>;
  readonly provider: Provider;
  /** If the user named no provider: why this one was chosen, and how to choose another. */
  readonly why?: string;
  /** The hosts of an inventory; those of other providers are known once they are up. */
  readonly hosts?: readonly Host[];
  /** Provision, deploy, promote, roll back or decommission; absent when the command only verifies. */
  readonly action?: Action;
  /** Whether missing machines are created. */
  readonly creates: boolean;
  /** Whether the running application is checked afterwards. */
  readonly verifies: boolean;
  /** The names of the hosts that roles may be applied to. */
  readonly limit: ReadonlySet<string>;
  readonly extras: readonly Extra[];
  /** The environments whose secrets the action reads. */
  readonly secrets: readonly string[];
  /** Which roles go to which hosts, in order. */
  readonly applied: readonly Applied[];
  /** The roles that download images or packages from an address that the user has not set. */
  readonly pulls: readonly Pull[];
}

/** A command that works, for errors about the approach. */
const examples: Readonly<Record<Arguments['command'], string>> = {
  provision: 'npm run provision -- approach_0',
  deploy: 'npm run deploy -- approach_4 staging',
  promote: 'npm run promote -- approach_4',
};

/** Decides without contacting a machine. @throws ProvisionError (input) */
export async function decide(args: Arguments): Promise<Decision> {
  const location = locate(args.approach, examples[args.command]);
  const machines = loadMachines(location.folder);
  const loaded = await loadApproach(location);
  const given = args.extraVars.map(parseExtra);
  const { approach, extras } = chooseEnvironment(location.name, loaded, given, args);
  const { provider, why } = await choose(args, location.name);
  const hosts =
    provider.name === 'static' ? await listed(provider, args, location.name, machines) : undefined;
  if (hosts && !args.list) await pool(hosts, hosts.length, (host) => checkKeys(host));
  const expected = hosts ?? expectedHosts(machines);
  const chosen = limit(args.limit, expected);
  const action = actionOf(loaded, args);
  const secrets = new Set<string>();
  const recorded: Action = (context) =>
    action({
      ...context,
      confirm: async () => checkCanAsk(args),
      secrets: (environment, names) => {
        secrets.add(environment);
        return context.secrets(environment, names);
      },
    });
  const others = provisions(args) ? [] : [approach.provision];
  const applied = await checkInput(approach, expected, extras, recorded, ...others);
  checkTags(args.tags, applied);
  return {
    ...location,
    approach,
    machines,
    provider,
    ...(why === undefined ? {} : { why }),
    ...(hosts ? { hosts } : {}),
    ...(args.verify ? {} : { action }),
    creates: provisions(args) && !args.verify,
    verifies: args.verify || verifiesAfterwards(args),
    limit: new Set(chosen.map(({ name }) => name)),
    extras,
    secrets: [...secrets],
    applied,
    pulls: pulledBy(applied, extras),
  };
}

/** The hosts of an inventory: reading it contacts nothing. */
const listed = (
  provider: Provider,
  { yes, image }: Arguments,
  approach: string,
  machines: Readonly<Record<string, Machine>>,
) => provider.hosts({ approach, machines, yes, image, progress: () => undefined });

/** The hosts in machines.yml, with what is known before they are up. */
const expectedHosts = (machines: Readonly<Record<string, Machine>>): Host[] =>
  Object.entries(machines).map(([name, { groups, address }]) => ({
    name,
    groups,
    address: '',
    forwarded: {},
    vars: {},
    ...(address === undefined ? {} : { privateAddress: address }),
  }));

const provisions = ({ command, decommission, rollback }: Arguments) =>
  command === 'provision' && !decommission && !rollback;

function actionOf(approach: Approach, { command, decommission, rollback, purge }: Arguments): Action {
  const { rollback: back, deploy, promote, environments: [from = '', to = ''] = [] } = approach;
  if (command === 'deploy' && deploy) return (context) => deploy(context);
  if (command === 'promote' && promote) return (context) => promote({ ...context, from, to });
  if (decommission) return (context) => approach.decommission({ ...context, purge });
  if (!rollback) return (context) => approach.provision(context);
  if (back) return (context) => back(context);
  throw inputError({
    place: '--rollback',
    what: 'this approach cannot roll back',
    todo: 'add a rollback function to its index.ts',
  });
}

/** Only complete runs are verified: after a limited run, a part of the application may not be running. */
const verifiesAfterwards = ({ check, decommission, tags, limit: pattern }: Arguments) =>
  !check && !decommission && tags.length === 0 && pattern === 'all';

function checkTags(tags: readonly string[], applied: readonly Applied[]): void {
  const roles = [...new Set(applied.flatMap(({ calls }) => calls.map(({ role }) => role)))];
  for (const tag of tags) {
    if (roles.includes(tag)) continue;
    throw inputError({
      place: `--tags ${tag}`,
      what: `there is no role "${tag}"${didYouMean(tag, roles)}`,
      todo: `one of: ${roles.join(', ')}`,
    });
  }
}
