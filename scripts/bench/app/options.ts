import { type Command, Option } from 'commander';
import { newCommand } from '../../command/command.ts';
import { someOf, wholeOption } from '../../command/options.ts';
import { type ServiceName, serviceNames } from './handlers.ts';

export interface Options {
  /** Seconds of each load that count in a round. */
  readonly seconds: number;
  /** Rounds: how often all servers are started and loaded in turn. */
  readonly rounds: number;
  /** Seconds of load on all services until V8 has compiled the hot code; then a tenth of it on each. */
  readonly warmth: number;
  readonly services: readonly ServiceName[];
  /** Whether databases and load run at real-time priority on cores that are kept awake. */
  readonly urgent: boolean;
  /** Minutes for which memory is watched at the end; 0: not at all. */
  readonly soak: number;
}

interface Given extends Pick<Options, 'seconds' | 'rounds' | 'soak'> {
  readonly service: readonly ServiceName[];
  readonly quick: boolean;
}

/** The command, which hands its options to `action`. */
export const benchCommand = (action: (options: Options) => Promise<void> | void): Command =>
  newCommand('bench:app')
    .description(
      'Compares TheAPP with bare node:http, hapi and Fastify handlers that make the same call to MariaDB, Redis or Memcached.',
    )
    .addOption(
      wholeOption('--seconds <count>', 'seconds of load that count, per server and round', {
        most: 600,
        fallback: 4,
      }),
    )
    .addOption(
      wholeOption('--rounds <count>', 'how many times to start and load all servers', {
        most: 100,
        fallback: 3,
      }),
    )
    .addOption(
      new Option('--service <names>', `services to measure, separated by commas: ${serviceNames.join(', ')}`)
        .argParser((text) => someOf('--service', serviceNames, text))
        .default([...serviceNames], 'all'),
    )
    .option('--quick', 'run one short round to test the benchmark; its figures mean nothing', false)
    .addOption(
      wholeOption(
        '--soak <minutes>',
        'afterwards, watch the memory of TheAPP under load for this many minutes',
        {
          most: 1440,
          fallback: 0,
        },
      ),
    )
    .action((given: Given) => action(optionsOf(given)));

function optionsOf({ seconds, rounds, service: services, quick, soak }: Given): Options {
  return quick
    ? { seconds: 1, rounds: 1, warmth: 1, services, urgent: false, soak }
    : { seconds, rounds, warmth: 30, services, urgent: true, soak };
}
