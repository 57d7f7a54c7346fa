import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { providers } from '../../provision/cli/arguments.ts';
import {
  didYouMean,
  failure,
  type Host,
  inputError,
  loadMachines,
  type Machine,
} from '../../provision/index.ts';
import { choose } from '../../provision/machines/choose.ts';
import { hostOf as containerHost } from '../../provision/machines/docker/machine.ts';
import { containersOf } from '../../provision/machines/docker/state.ts';
import { machineFolder } from '../../provision/machines/lab/folders.ts';
import { hostOf } from '../../provision/machines/qemu/machine.ts';
import { machinesOf, readSaved } from '../../provision/machines/qemu/state.ts';

/** Where an approach's machines are, with the same options as `npm run provision`. */
export interface Where {
  readonly provider?: (typeof providers)[number];
  readonly inventory?: string;
}

const approaches = resolve(import.meta.dirname, '../../approaches');

export const withWhere = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--provider <name>',
        'where the machines come from; by default, the machines that are already up',
      ).choices(providers),
    )
    .option('-i, --inventory <file>', 'use the machines in this file (implies --provider static)');

/** The folder of an approach. @throws ProvisionError (input) */
export function folderOf(approach: string): string {
  const known = readdirSync(approaches).filter((entry) =>
    existsSync(join(approaches, entry, 'machines.yml')),
  );
  if (known.includes(approach)) return join(approaches, approach);
  throw inputError({
    what: `there is no approach "${approach}"${didYouMean(approach, known)} (approaches: ${known.join(', ')})`,
    todo: 'name one of them',
  });
}

/**
 * The hosts of an approach, including machines of the lab that are off. No machine is started.
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
  const complete = (await containersOf(approach)).filter((container) => container.complete);
  return complete.map((container) => containerHost(container, machines[container.machine]?.groups ?? []));
}
