import { type Batch, batched, type Change, type Resource } from '../../../language/resource.ts';
import { lines, sh } from '../../../shell/sh.ts';
import { type StackService, TASK } from './document.ts';
import { MISSING, statusOf } from './status.ts';

/** How far a service has converged: a verdict, and the details in words. */
export interface ServiceStatus {
  readonly name: string;
  readonly verdict: 'done' | 'waits' | 'stopped' | 'failed';
  readonly words: string;
}

/**
 * All tasks of these services are running and healthy, and jobs have completed. Otherwise it waits for `seconds`
 * at most, and reports progress. It fails when a service has been rolled back or keeps failing, with the errors and the
 * last log lines of its tasks. With `existing`, services that are not deployed are ignored.
 */
export function converged(
  stack: string,
  services: readonly StackService[],
  seconds: number,
  which: 'all' | 'existing' = 'all',
): Resource<readonly ServiceStatus[]> {
  return {
    kind: 'docker.stack.converged',
    name: stack,
    probe: batched(statuses, { stack, services }),
    plan: (state) => {
      const open = state.filter(
        ({ verdict, words }) => verdict !== 'done' && (which === 'all' || words !== MISSING),
      );
      if (open.length === 0) return [];
      const summary = `wait for ${open.map(({ name, words }) => `${name} (${words})`).join(', ')}`;
      const stopped = open.filter(({ verdict }) => verdict === 'stopped');
      const again = stopped.map(
        ({ name }): Change => ({
          summary: `run ${name} again`,
          script: sh`docker service update --detach --force ${`${stack}_${name}`} >/dev/null`,
        }),
      );
      return [...again, { summary, script: wait(stack, services, seconds) }];
    },
    timeout: seconds + 120,
  };
}

interface Question {
  readonly stack: string;
  readonly services: readonly StackService[];
}

/** One script for all resources of the same stack. */
const statuses: Batch<Question, readonly ServiceStatus[]> = {
  name: 'docker.stack.converged',
  script: (args) =>
    lines(
      [...new Set(args.map(({ stack }) => stack))].map((stack) => {
        const all = args.flatMap((arg) => (arg.stack === stack ? arg.services : []));
        return sh`${statusOf(stack, [...new Set(all)])}
if docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null | grep -q true; then
echo ${`@${stack}`}
status
fi`;
      }),
    ),
  read: ({ stdout }, args) =>
    args.map(({ stack, services }) => {
      const part = stdout.split(/^@/m).find((part) => part.startsWith(`${stack}\n`)) ?? '';
      return read(part, services);
    }),
};

function read(stdout: string, services: readonly StackService[]): ServiceStatus[] {
  const rows = new Map(
    stdout.split('\n').map((line) => {
      const [name = '', verdict, , ...words] = line.split('|');
      return [name, { name, verdict: verdictOf(verdict), words: words.join('|') }] as const;
    }),
  );
  return services.map(({ name }) => rows.get(name) ?? { name, verdict: 'waits', words: MISSING });
}

const verdicts = ['done', 'stopped', 'failed'] as const;
const verdictOf = (word: string | undefined) => verdicts.find((verdict) => verdict === word) ?? 'waits';

/** A status counts when it is seen twice, because an update that was just requested has not started yet. */
const wait = (
  stack: string,
  services: readonly StackService[],
  seconds: number,
) => sh`${statusOf(stack, services)}
known=$(docker stack ps --quiet --no-trunc --filter desired-state=shutdown ${stack} 2>/dev/null || :)
end=$(($(date +%s) + ${seconds})) before= said=
while :; do
all=$(status)
met=$(printf '%s\n' "$all" | grep '^+' || :)
rows=$(printf '%s\n' "$all" | grep -v '^+' || :)
open=$(printf '%s\n' "$rows" | awk -F '|' '$2 != "done" { printf "%s%s %s", (n++ ? ", " : ""), $1, $4 }')
if [ "$open" != "$said" ] && [ -n "$open" ]; then echo "$open" >&9; said=$open; fi
if [ "$rows" = "$before" ]; then
if [ -z "$open" ]; then exit 0; fi
bad=$(printf '%s\n' "$rows" | awk -F '|' '$2 == "failed" || $2 == "stopped" { print $1 "|" $3 "|" $4 }')
if [ -n "$bad" ]; then break; fi
fi
if [ "$(date +%s)" -gt "$end" ]; then
bad=$(printf '%s\n' "$rows" | awk -F '|' '$2 != "done" { print $1 "|" $3 "|" $4 }')
echo ${`the services have not converged after ${seconds} s`} >&2
break
fi
before=$rows
sleep 2
done
${report(stack)}
exit 1`;

/** For two services at most: the error of the last task of this definition that has one, and the end of its log. */
const report = (
  stack: string,
) => sh`printf '%s\n' "$bad" | head -n 2 | while IFS='|' read -r one definition why; do
echo "$one: $why" >&2
full=${`${stack}_`}$one
tasks=$(docker service ps --quiet --no-trunc "$full" 2>/dev/null || :)
if [ -n "$tasks" ]; then docker inspect --type task --format ${FAILED} $tasks 2>/dev/null || :; fi |
awk -F '|' -v "d=$definition" '$1 == d || $5 != "" { print ($1 == d) ($5 != "" || $4 == "complete") "|" $0 }' | sort -r | head -n 1 |
while IFS='|' read -r which definition when id state error; do
if [ -z "$error" ]; then error='it exited, or its health check failed'; fi
echo "$one: $state: $error" | tr -d '"' >&2
timeout 20 docker service logs --raw --tail 40 "$id" 2>&1 | grep -v -e '^ *at ' -e '^ *$' | uniq | tail -n 6 | cut -c 1-300 >&2 || :
done
echo "on this machine: docker service ps --no-trunc $full; docker service logs --tail 50 $full" >&2
done`;

const FAILED = `{{index .Spec.ContainerSpec.Labels "${TASK}"}}|{{.Status.Timestamp}}|{{.ID}}|{{.Status.State}}|{{.Status.Err}}`;
