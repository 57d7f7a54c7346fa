import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { providers } from '../../provision/cli/arguments.ts';
import { didYouMean, failure, type Host, inputError } from '../../provision/index.ts';
import { choose } from '../../provision/machines/choose.ts';
import { hostOf as containerHost } from '../../provision/machines/docker/machine.ts';
import { containersOf } from '../../provision/machines/docker/state.ts';
import { machineFolder } from '../../provision/machines/lab/folders.ts';
import { loadMachines, type Machine } from '../../provision/machines/machines.ts';
import { hostOf } from '../../provision/machines/qemu/machine.ts';
import { machinesOf, readSaved } from '../../provision/machines/qemu/state.ts';

/** Where an approach's machines are: the same words as of `npm run provision`. */
export interface Where {
  readonly provider?: (typeof providers)[number];
  readonly inventory?: string;
}

const approaches = resolve(import.meta.dirname, '../../approaches');

export const withWhere = (command: Command): Command =>
  command
    .addOption(new Option('--provider <name>', 'where machines come from').choices(providers))
    .option('-i, --inventory <file>', 'machines that exist already (implies --provider static)');

/** The folder of an approach. @throws ProvisionError (input) */
export function folderOf(approach: string): string {
  const known = readdirSync(approaches).filter((entry) =>
    existsSync(join(approaches, entry, 'machines.yml')),
  );
  if (known.includes(approach)) return join(approaches, approach);
  throw inputError({
    what: `there is no approach "${approach}"${didYouMean(approach, known)} (there are: ${known.join(', ')})`,
    todo: 'name one of them',
  });
}

/**
 * The hosts of an approach as they are: none is brought up, and those of the lab that are off are listed all the same.
 *
 * @throws ProvisionError when there are none
 */
export async function hostsOf(approach: string, where: Where): Promise<readonly Host[]> {
  const machines = loadMachines(folderOf(approach));
  const { provider } = await choose(where, approach);
  if (provider.name === 'vagrant' || provider.name === 'static')
    return provider.hosts({ approach, machines, yes: false, image: 'auto', progress: () => undefined });
  const hosts = provider.name === 'docker' ? await containersIn(approach, machines) : virtualIn(approach);
  if (hosts.length > 0) return hosts;
  throw failure({ place: approach, what: 'has no machines', todo: `npm run provision -- ${approach}` });
}

function virtualIn(approach: string): Host[] {
  return machinesOf(approach).flatMap((name) => {
    const saved = readSaved(machineFolder(approach, name));
    return saved ? [hostOf(approach, name, saved)] : [];
  });
}

async function containersIn(approach: string, machines: Readonly<Record<string, Machine>>): Promise<Host[]> {
  const whole = (await containersOf(approach)).filter((container) => container.whole);
  return whole.map((container) => containerHost(container, machines[container.machine]?.groups ?? []));
}
