import { type Script, sh } from '../../provision/index.ts';
import { DEFINITION, NAMESPACE, type Service, TASK } from './document.ts';

/** In the words of a service that has not been deployed. */
export const MISSING = 'is not there';

/**
 * How services stand, one line each: `name|done, waits, stopped or failed|its task definition|in words`. A service is done when as many tasks of
 * its present definition run as it wants, and are healthy, no other of its tasks is meant to run, and no update is
 * under way; a job is done when it has completed, and has stopped when it failed and does not try again.
 */
export const standing = (stack: string, services: readonly Service[]): Script => {
  const filter = `label=${NAMESPACE}=${stack}`;
  const wanted = services.map(
    ({ name, definition, task }) => `w|${stack}_${name}|${definition}|${name}|${task}`,
  );
  return sh`standing() {
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
 * Failures that are known from before (b) say nothing; more than three new ones for each replica say all. The swarm
 * forgets them before there are so many: those that were met come back as they went out (+).
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
    else if (definition[s] != wanted[s] && u == "rollback_completed") { verdict = "failed"; words = "was rolled back to what ran before" }
    else if (u == "paused" || u == "rollback_paused") { verdict = "failed"; words = u ": " message[s] }
    else if (definition[s] != wanted[s]) { verdict = "failed"; words = "is of another deployment" }
    else if (job && done < want[s] && live[s] + 0 == 0 && ended[s]) { verdict = "stopped"; words = words ", and does not try again" }
    else if (done == want[s] && (job || (stale[s] + 0 == 0 && u != "updating" && u != "rollback_started"))) verdict = "done"
    else if (!job && u != "updating" && u != "rollback_started" && fails[s] > 3 * want[s]) { verdict = "failed"; words = words ", " fails[s] " tasks have failed" }
    print short[s] "|" verdict "|" new[s] "|" words
  }
}`;
