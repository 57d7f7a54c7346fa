import { newCommand, runCommand } from '../command/command.ts';
import { whole } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { parseRequest } from './scale/request.ts';
import { scale } from './scale/scale.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where {
  readonly seconds: number;
  readonly json: boolean;
}

const progress = progressLines(process.stderr);

const program = withWhere(
  newCommand('scale')
    .description('how many tasks of a service run; waits until they do')
    .argument('<approach>', 'which approach: a folder of approaches/')
    .argument('<service=number>', 'app=4')
    .option('--seconds <count>', 'how long it may take', (text) => whole('--seconds', text, 86_400), 600)
    .option('--json', 'one JSON object', false),
).action(async (approach: string, text: string, { seconds, json, ...where }: Options) => {
  const request = parseRequest(text);
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  try {
    const scaled = await scale(hosts, request, sessions, { seconds, progress: progress.show });
    progress.end();
    const { service, before, after } = scaled;
    process.stdout.write(
      json ? `${JSON.stringify(scaled)}\n` : `${service}: ${before} → ${after}, ${scaled.seconds} s\n`,
    );
  } finally {
    await sessions.close();
  }
});

await runCommand(program, progress.end);
