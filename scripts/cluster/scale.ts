import { inputError } from '../../provision/index.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { wholeOption } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { approachOf, approachWords, environmentsOf, orchestratorOf } from './approach.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { scaleWorkload } from './kubernetes/scaling.ts';
import { parseRequest, type ScaleRequest } from './scale/request.ts';
import { scale } from './scale/scaling.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where {
  readonly seconds: number;
  readonly json: boolean;
  readonly minimum: boolean;
}

const progress = progressLines(process.stderr);

const program = withWhere(
  newCommand('scale')
    .description(
      'Sets the number of replicas of a service and waits until they run. On Kubernetes, the next run of the provisioner sets the number of the chart again.',
    )
    .argument('<approach>', approachWords, approachOf)
    .argument(
      '<service=number>',
      'a service and the number of its replicas, such as app=4; on Kubernetes with the environment, such as staging/app=4',
      parseRequest,
    )
    .addOption(
      wholeOption('--seconds <count>', 'how long to wait until the replicas run, in seconds', {
        most: 86_400,
        fallback: 600,
      }),
    )
    .option(
      '--minimum',
      'on Kubernetes, where an autoscaler sets the number of replicas: set its minimum instead',
      false,
    )
    .option('--json', 'print one JSON object on stdout', false),
).action(async (approach: string, request: ScaleRequest, options: Options) => {
  const { seconds, json, minimum, ...where } = options;
  if (minimum) checkMinimum(approach);
  await checkEnvironment(approach, request);
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  const given = { seconds, minimum, progress: progress.show };
  try {
    const scaled =
      orchestratorOf(approach) === 'kubernetes'
        ? await scaleWorkload(hosts, request, sessions, given)
        : await scale(hosts, request, sessions, given);
    progress.end();
    const { service, before, after } = scaled;
    const what = minimum ? `${service}: the minimum of its autoscaler:` : `${service}:`;
    process.stdout.write(
      json ? `${JSON.stringify(scaled)}\n` : `${what} ${before} → ${after} replicas in ${scaled.seconds} s\n`,
    );
    if (orchestratorOf(approach) === 'kubernetes')
      process.stderr.write('the next run of the provisioner sets the number of the chart again\n');
  } finally {
    await sessions.close();
  }
});

/** @throws ProvisionError (input) where autoscalers are not objects of the cluster */
function checkMinimum(approach: string): void {
  if (orchestratorOf(approach) === 'kubernetes') return;
  throw inputError({
    place: '--minimum',
    what: 'works only on Kubernetes',
    todo: `leave it out; the minimum of the autoscaler is a variable: npm run provision -- ${approach} -e theapp.autoscale=true -e theapp.autoscale_min=3`,
  });
}

/** @throws ProvisionError (input) unless the environment is named where there are several, and only there */
async function checkEnvironment(approach: string, { environment, service, replicas }: ScaleRequest) {
  const known = await environmentsOf(approach, environment);
  if (environment !== undefined || known.length === 0) return;
  throw inputError({
    place: service,
    what: `name an environment of ${approach}: ${known.join(', ')}`,
    todo: `npm run scale -- ${approach} ${known[0]}/${service}=${replicas}`,
  });
}

await runCommand(program, progress.end);
