import { type Script, sh } from '../../../shell/sh.ts';
import { DEFINITION, NAMESPACE, type StackService, TASK } from './document.ts';

/** The words for a service that has not been deployed. */
export const MISSING = 'not deployed';

/**
 * Defines the shell function `status`, which prints a line for each service: its name, `done`, `waits`, `stopped` or
 * `failed`, its task definition, and the details in words, separated by `|`. A service is done when all its tasks are
 * running and healthy with the current definition, no task of another definition should run, and no update is in
 * progress. A job is done when it has completed, and has stopped when it has failed and will not be retried.
 */
export const statusOf = (stack: string, services: readonly StackService[]): Script => {
  const filter = `label=${NAMESPACE}=${stack}`;
  const wanted = services.map(
    ({ name, definition, task }) => `w|${stack}_${name}|${definition}|${name}|${task}`,
  );
  return sh`status() {
{
printf '%s\n' ${wanted}
docker service ls --filter ${filter} --format 's|{{.Name}}|{{.Mode}}|{{.Replicas}}'
ids=$(docker service ls --quiet --filter ${filter})
if [ -n "$ids" ]; then docker service inspect --format ${INSPECT} $ids || :; fi
tasks=$(docker stack ps --quiet --no-trunc ${stack} 2>/dev/null || :)
if [ -n "$tasks" ]; then docker inspect --type task --format ${TASKS} $tasks || :; fi
if [ -n "$known" ]; then printf 'b|%s\n' $known; fi
printf '%s\n' "$met"
} 2>/dev/null | awk -F '|' ${AWK}
}
known= met=`;
};

const INSPECT = `u|{{.ID}}|{{.Spec.Name}}|{{index .Spec.Labels "${DEFINITION}"}}|{{index .Spec.TaskTemplate.ContainerSpec.Labels "${TASK}"}}|{{with .UpdateStatus}}{{.State}}|{{.Message}}{{end}}`;
const TASKS = `t|{{.ServiceID}}|{{index .Spec.ContainerSpec.Labels "${TASK}"}}|{{.DesiredState}}|{{.Status.State}}|{{.ID}}|{{.Status.Err}}`;

/**
 * A service has failed when more than three tasks have failed for each replica, not counting failures from before (`b`
 * lines). The swarm forgets old tasks before there are that many, so failures are printed (`+` lines) and read again.
 */
const AWK = `
$1 == "w" { order[++n] = $2; wanted[$2] = $3; short[$2] = $4; new[$2] = $5 }
$1 == "b" { known[$2] = 1 }
$1 == "+" { failed[$2] = $3 }
$1 == "s" { mode[$2] = $3; split($4, part, /[\\/ ]/); want[$2] = part[2]; if ($3 ~ /job/) { match($4, /[0-9]+\\/[0-9]+ completed/); split(substr($4, RSTART), part, /[\\/ ]/); complete[$2] = part[1]; want[$2] = part[2] } }
$1 == "u" { name[$2] = $3; definition[$3] = $4; task[$3] = $5; update[$3] = $6; message[$3] = $7 }
$1 == "t" {
  s = name[$2]; run = $4 == "running" || $4 == "complete"
  bad = $5 == "failed" || $5 == "rejected"
  if ($3 == task[s]) {
    if (bad) { failed[$6] = s; ended[s] = 1 }
    if (run && $5 == "running") have[s]++
    if ((run || $4 == "ready") && !bad && $5 != "complete" && $5 != "shutdown" && $5 != "orphaned") live[s]++
    if (run && $5 == "pending" && $7 != "") pending[s] = $7
  } else if (run && !bad && $5 != "complete") stale[s]++
}
END {
  for (id in failed) if (!(id in known) && failed[id] != "") { fails[failed[id]]++; print "+|" id "|" failed[id] }
  for (i = 1; i <= n; i++) {
    s = order[i]; u = update[s]; job = mode[s] ~ /job/
    done = job ? complete[s] + 0 : have[s] + 0
    words = done "/" (s in want ? want[s] : "?") (job ? " completed" : "")
    if (u == "updating") words = words " (updating)"
    if (u == "rollback_started") words = words " (rolling back)"
    if (pending[s] != "") words = words " (" pending[s] ")"
    verdict = "waits"
    if (!(s in want)) words = "${MISSING}"
    else if (definition[s] != wanted[s] && u == "rollback_started") verdict = "waits"
    else if (definition[s] != wanted[s] && u == "rollback_completed") { verdict = "failed"; words = "was rolled back to the previous definition" }
    else if (u == "paused" || u == "rollback_paused") { verdict = "failed"; words = u ": " message[s] }
    else if (definition[s] != wanted[s]) { verdict = "failed"; words = "was changed by another deployment" }
    else if (job && done < want[s] && live[s] + 0 == 0 && ended[s]) { verdict = "stopped"; words = words ", and will not be retried" }
    else if (done == want[s] && (job || (stale[s] + 0 == 0 && u != "updating" && u != "rollback_started"))) verdict = "done"
    else if (!job && u != "updating" && u != "rollback_started" && fails[s] > 3 * want[s]) { verdict = "failed"; words = words ", " fails[s] " tasks have failed" }
    print short[s] "|" verdict "|" new[s] "|" words
  }
}`;
