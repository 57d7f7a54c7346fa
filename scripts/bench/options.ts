import { Command, CommanderError } from 'commander';
import { inputError } from '../../provision/errors.ts';
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

/** What a benchmark's words say. Throws as `parseOptions` does. */
export function parsed<T extends object>(command: Command, argv: readonly string[]): T | undefined {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined });
  try {
    return command.parse([...argv], { from: 'user' }).opts<T>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw inputError({
      what: error.message.replace(/^error: /, ''),
      todo: `${command.name()} --help lists what there is`,
    });
  }
}

const counts = (text: string) => text.split(',').map((one) => whole('--hosts', one, 100));

/** The value of an option that counts something: from 1 to `most`. */
export function whole(place: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw inputError({ place, what: `expected a whole number from 1 to ${most}, found "${text}"` });
}

const names = (text: string) => named('--peers', 'peer', peerNames, text);

/** The value of an option that names some of the known, joined by commas. */
export const named = <T extends string>(
  place: string,
  what: string,
  known: readonly T[],
  text: string,
): T[] =>
  text.split(',').map((name) => {
    const one = known.find((one) => one === name);
    if (one) return one;
    throw inputError({ place, what: `there is no ${what} "${name}"`, why: `there are ${known.join(', ')}` });
  });
