import type { Command } from 'commander';
import { newCommand } from '../../command/command.ts';
import { someOf, whole, wholeOption } from '../../command/options.ts';
import { type PeerName, peerNames } from './peers/peer.ts';

export interface Options {
  /** Numbers of hosts to measure with, one after the other. */
  readonly hosts: readonly number[];
  /** Fresh starts of each peer; medians are of at least as many. */
  readonly runs: number;
  readonly peers: readonly PeerName[];
  readonly json: boolean;
}

/** The command, which hands its options to `action`. */
export const benchCommand = (action: (options: Options) => Promise<void> | void): Command =>
  newCommand('bench')
    .description(
      'Applies the same 60 tasks to throw-away SSH hosts with this project, Ansible, Mitogen, pyinfra and a bare shell, and compares the times. Needs root.',
    )
    .option('--hosts <counts>', 'numbers of hosts, separated by commas', counts, [1, 10])
    .addOption(
      wholeOption('--runs <count>', 'how many times each provisioner starts on fresh hosts', {
        most: 99,
        fallback: 3,
      }),
    )
    .option(
      '--peers <names>',
      `provisioners, separated by commas: ${peerNames.join(', ')}; ours is this project, floor a bare shell`,
      names,
      [...peerNames],
    )
    .option('--json', 'print the figures as one JSON object on stdout', false)
    .action(action);

const counts = (text: string) => text.split(',').map((one) => whole('--hosts', one, 100));

const names = (text: string) => someOf('--peers', peerNames, text);
