import { Command } from 'commander';
import { named, parsed, whole } from '../../command/options.ts';
import { type PeerName, peerNames } from './peers/peer.ts';

export interface Options {
  /** Numbers of hosts to measure with, one after the other. */
  readonly hosts: readonly number[];
  /** Fresh starts of each peer; medians are of at least as many. */
  readonly runs: number;
  readonly peers: readonly PeerName[];
  readonly json: boolean;
}

/** @throws ProvisionError (input) for what is not understood; undefined when help was asked for and shown */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const command = new Command('npm run bench --')
    .description('Applies the same 60 tasks to throw-away SSH hosts with every peer, and compares.')
    .option('--hosts <counts>', 'numbers of hosts, joined by commas', counts, [1, 10])
    .option('--runs <count>', 'fresh starts of each peer', (text) => whole('--runs', text, 99), 3)
    .option('--peers <names>', `of ${peerNames.join(', ')}`, names, [...peerNames])
    .option('--json', 'one JSON object on stdout', false);
  return parsed<Options>(command, argv);
}

const counts = (text: string) => text.split(',').map((one) => whole('--hosts', one, 100));

const names = (text: string) => named('--peers', 'peer', peerNames, text);
