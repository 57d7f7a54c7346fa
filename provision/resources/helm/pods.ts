import { type Script, sh } from '../../shell/sh.ts';

const LINE = `{{$pod}}|{{.name}}|{{.restartCount}}|{{with .state.waiting}}{{.reason}}{{end}}{{with .state.terminated}}{{.reason}} (exit code {{.exitCode}}){{end}}|{{with .state.waiting}}{{with .message}}{{printf "%q" .}}{{end}}{{end}}{{"\\n"}}`;
/** A line for each container that is not ready: pod, container, restarts, reason and message, separated by bars. */
const PODS = `{{range .items}}{{$pod := .metadata.name}}{{range .status.initContainerStatuses}}{{if not .ready}}${LINE}{{end}}{{end}}{{range .status.containerStatuses}}{{if not .ready}}${LINE}{{end}}{{end}}{{end}}`;

/** Containers that were not ready when the change began are not its doing, and a container that has ended well is ready. */
const NEW = `FILENAME == ARGV[1] { old[$1 "|" $2 "|" $3] = 1; next }
!(($1 "|" $2 "|" $3) in old) && $4 !~ /^(Completed|PodInitializing)/ { print }`;

/**
 * Defines `watch`, which reports the containers that are not ready, and keeps the end of their logs in `$d`, because a
 * rollback removes them. It ends when it is killed.
 */
export const watching = (namespace: string): Script => sh`since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
list() { timeout 20 kubectl get pods --namespace ${namespace} --output go-template=${PODS} 2>/dev/null | sed 's/<no value>//g'; }
list >"$d"/old || :
sample() {
list >"$d"/all
awk -F '|' ${NEW} "$d"/old "$d"/all >"$d"/new
head -n 6 "$d"/new | while IFS='|' read -r pod container restarts reason message; do
log="$d/log.$pod.$container"
if [ -e "$log" ] || { [ -n "$reason" ] && [ "$reason" != ContainerCreating ]; }; then
timeout 10 kubectl logs "$pod" --namespace ${namespace} --container "$container" --tail 20 >"$log".draft 2>/dev/null && mv "$log".draft "$log" || :
fi
touch "$log"
printf '%s\n' "$pod, container $container: $reason $message" >"$d/why.$pod.$container"
done
}
watch() {
said=
while sleep 3; do
sample || :
line=$(head -n 3 "$d"/new | awk -F '|' '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, ($4 == "" ? "is starting" : $4) }')
if [ "$line" != "$said" ]; then echo "$line" >&9; said=$line; fi
done >/dev/null 2>&1
}`;

/** Runs Helm while watching the pods, in the private folder `$d`. If it fails, prints why and exits. */
export const watched = (namespace: string, helm: Script): Script => sh`${watching(namespace)}
watch &
watch=$!
r=0
${helm} >"$d"/out 2>"$d"/err || r=$?
kill "$watch" 2>/dev/null || :
wait "$watch" 2>/dev/null || :
if [ $r != 0 ]; then
${report(namespace)}
exit 1
fi`;

/** Prints why Helm failed: its own error, then for two containers at most the state and the end of the log. */
const report = (namespace: string): Script => sh`sample || :
sed -n '/^Error:/,$p' "$d"/err | head -n 4 | cut -c 1-400 >&2
if ! grep -q '^Error:' "$d"/err; then tail -n 4 "$d"/err >&2; fi
for why in $(grep -l ': [A-Z]' "$d"/why.* 2>/dev/null; grep -L ': [A-Z]' "$d"/why.* 2>/dev/null); do printf '%s\n' "$why"; done | head -n 2 |
while read -r why; do
sed 's/ *$//; s/: *$/: is not ready/; s/^/pod /' "$why" | cut -c 1-300 >&2
log="$d"/log.$(basename "$why" | cut -c 5-)
grep -v '^ *$' "$log" 2>/dev/null | tail -n 3 | cut -c 1-300 >&2 || :
done
if ! ls "$d"/why.* >/dev/null 2>&1; then
timeout 20 kubectl get events --namespace ${namespace} --field-selector type=Warning --sort-by .metadata.creationTimestamp --output go-template=${EVENTS} 2>/dev/null |
awk -F '|' -v since="$since" '$1 >= since { print $2 }' | tail -n 4 | cut -c 1-300 >&2 || :
fi`;

const EVENTS = `{{range .items}}{{.lastTimestamp}}|{{.involvedObject.kind}} {{.involvedObject.name}}: {{.message}}{{"\\n"}}{{end}}`;
