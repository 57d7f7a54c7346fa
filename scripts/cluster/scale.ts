import { newCommand, runCommand } from '../command/command.ts';
import { wholeOption } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { approachWords, swarmOf } from './approach.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { parseRequest, type ScaleRequest } from './scale/request.ts';
import { scale } from './scale/scaling.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where {
  readonly seconds: number;
  readonly json: boolean;
}

const progress = progressLines(process.stderr);

const program = withWhere(
  newCommand('scale')
    .description('Sets the number of replicas of a service and waits until they run.')
    .argument('<approach>', approachWords, swarmOf)
    .argument('<service=number>', 'a service and the number of its replicas, such as app=4', parseRequest)
    .addOption(
      wholeOption('--seconds <count>', 'how long to wait until the replicas run, in seconds', {
        most: 86_400,
        fallback: 600,
      }),
    )
    .option('--json', 'print one JSON object on stdout', false),
).action(async (approach: string, request: ScaleRequest, { seconds, json, ...where }: Options) => {
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  try {
    const scaled = await scale(hosts, request, sessions, { seconds, progress: progress.show });
    progress.end();
    const { service, before, after } = scaled;
    process.stdout.write(
      json
        ? `${JSON.stringify(scaled)}\n`
        : `${service}: ${before} → ${after} replicas in ${scaled.seconds} s\n`,
    );
  } finally {
    await sessions.close();
  }
});

await runCommand(program, progress.end);
