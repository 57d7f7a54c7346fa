import { Command, Option } from 'commander';
import { named, parsed, whole } from '../../command/options.ts';
import { type ServiceName, serviceNames } from './calls.ts';

export interface Options {
  /** How many seconds of each load count in a round, and so many turns. */
  readonly seconds: number;
  /** How often all servers are started and loaded in turn. */
  readonly rounds: number;
  /** Seconds of load by all services until V8 has compiled what runs most; then a tenth of it by each. */
  readonly warmth: number;
  readonly services: readonly ServiceName[];
  /** Whether databases and load come before all else on their cores, which are kept awake for them. */
  readonly urgent: boolean;
  /** How long memory is watched at the end; 0: not at all. */
  readonly soak: number;
}

/** @throws ProvisionError (input) for what is not understood; undefined when help was asked for and shown */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const command = new Command('npm run bench:app --')
    .description('Loads TheAPP and bare handlers that make the same dependency call, and compares.')
    .option(
      '--seconds <count>',
      'how many seconds of each load count in a round',
      (text) => whole('--seconds', text, 600),
      4,
    )
    .option(
      '--rounds <count>',
      'how often each is started and loaded',
      (text) => whole('--rounds', text, 100),
      3,
    )
    .addOption(
      new Option('--service <names>', `of ${serviceNames.join(', ')}; several with commas between them`)
        .argParser(names)
        .default([...serviceNames], 'all'),
    )
    .option('--quick', 'one short round: that it works, not how fast', false)
    .option('--soak <minutes>', 'then watch memory for so long', (text) => whole('--soak', text, 1440), 0);
  const given = parsed<{
    seconds: number;
    rounds: number;
    service: ServiceName[];
    quick: boolean;
    soak: number;
  }>(command, argv);
  if (!given) return undefined;
  const { seconds, rounds, service: services, quick, soak } = given;
  return quick
    ? { seconds: 1, rounds: 1, warmth: 1, services, urgent: false, soak }
    : { seconds, rounds, warmth: 30, services, urgent: true, soak };
}

const names = (text: string) => named('--service', 'service', serviceNames, text);
