import { type Batch, batched, type Change, type Resource } from '../../provision/authoring.ts';
import { lines, sh } from '../../provision/index.ts';
import { type Service, TASK } from './document.ts';
import { MISSING, standing } from './standing.ts';

/** One service: how it stands, in words. */
export interface Standing {
  readonly name: string;
  readonly verdict: 'done' | 'waits' | 'stopped' | 'failed';
  readonly words: string;
}

/**
 * All tasks of these services run and are healthy, jobs have completed. What does is left alone; for what does not
 * it waits, for so many seconds, and tells how far it is. A service that is rolled back, or fails again and again,
 * fails with its tasks' own errors and last words.
 */
export function converged(
  stack: string,
  services: readonly Service[],
  seconds: number,
  which: 'all' | 'existing' = 'all',
): Resource<readonly Standing[]> {
  return {
    kind: 'stack.converged',
    name: stack,
    probe: batched(looks, { stack, services }),
    plan: (state) => {
      const open = state.filter(
        ({ verdict, words }) => verdict !== 'done' && (which === 'all' || words !== MISSING),
      );
      if (open.length === 0) return [];
      const summary = `wait for ${open.map(({ name, words }) => `${name} ${words}`).join(', ')}`;
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

interface What {
  readonly stack: string;
  readonly services: readonly Service[];
}

/** One look for all parts of a stack. */
const looks: Batch<What, readonly Standing[]> = {
  name: 'stack.converged',
  script: (args) =>
    lines(
      [...new Set(args.map(({ stack }) => stack))].map((stack) => {
        const all = args.flatMap((arg) => (arg.stack === stack ? arg.services : []));
        return sh`${standing(stack, [...new Set(all)])}
if docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null | grep -q true; then
echo ${`@${stack}`}
standing
fi`;
      }),
    ),
  read: ({ stdout }, args) =>
    args.map(({ stack, services }) => {
      const part = stdout.split(/^@/m).find((part) => part.startsWith(`${stack}\n`)) ?? '';
      return read(part, services);
    }),
};

function read(stdout: string, services: readonly Service[]): Standing[] {
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

/** What is seen twice counts: an update that has just been asked for has not begun yet. */
const wait = (stack: string, services: readonly Service[], seconds: number) => sh`${standing(stack, services)}
known=$(docker stack ps --quiet --no-trunc --filter desired-state=shutdown ${stack} 2>/dev/null || :)
end=$(($(date +%s) + ${seconds})) before= said=
while :; do
all=$(standing)
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
echo ${`not converged after ${seconds} s`} >&2
break
fi
before=$rows
sleep 2
done
${words(stack)}
exit 1`;

/** For two of them at most: the error of the last task of this definition that has one, and the last it wrote. */
const words = (
  stack: string,
) => sh`printf '%s\n' "$bad" | head -n 2 | while IFS='|' read -r one definition why; do
echo "$one: $why" >&2
full=${`${stack}_`}$one
tasks=$(docker service ps --quiet --no-trunc "$full" 2>/dev/null || :)
if [ -n "$tasks" ]; then docker inspect --type task --format ${FAILED} $tasks 2>/dev/null || :; fi |
awk -F '|' -v "d=$definition" '$1 == d || $5 != "" { print ($1 == d) ($5 != "" || $4 == "complete") "|" $0 }' | sort -r | head -n 1 |
while IFS='|' read -r which definition when id state error; do
if [ -z "$error" ]; then error='it ended, or its health check made it end'; fi
echo "$one: $state: $error" | tr -d '"' >&2
timeout 20 docker service logs --raw --tail 40 "$id" 2>&1 | grep -v -e '^ *at ' -e '^ *$' | uniq | tail -n 6 | cut -c 1-300 >&2 || :
done
echo "on this machine: docker service ps --no-trunc $full; docker service logs --tail 50 $full" >&2
done`;

const FAILED = `{{index .Spec.ContainerSpec.Labels "${TASK}"}}|{{.Status.Timestamp}}|{{.ID}}|{{.Status.State}}|{{.Status.Err}}`;
