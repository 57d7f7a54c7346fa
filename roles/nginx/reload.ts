import { type Script, sh } from '../../provision/index.ts';

/** How to reload a running nginx, and the files that show whether it worked. */
export interface Running {
  readonly reload: Script;
  /** The file with the master's process id. */
  readonly pid: string;
  /** The error log: the only place where the master reports why it rejects a configuration. */
  readonly log: string;
  /** How long the old workers may keep accepting. The master retries for 2.5 s to listen on a port that is in use. */
  readonly seconds: number;
}

/**
 * Reloads nginx, and returns once every new connection gets the new configuration. `nginx -s reload` returns
 * immediately, but the old workers keep accepting until 0.1 s after the new ones have started; then "shutting down"
 * appears in their process titles (ngx_master_process_cycle, ngx_worker_process_cycle). If nginx rejects the
 * configuration, the old workers stay. `nginx -t` does not detect every reason, such as a port that is in use. In that
 * case this fails with the master's messages.
 */
export const reloaded = ({ reload, pid, log, seconds }: Running): Script => sh`read -r master <${pid}
before=$(grep -ls "^PPid:[[:blank:]]*$master\$" /proc/[0-9]*/status | sed 's/status$/cmdline/')
seen=$(cat ${log} 2>/dev/null | wc -c)
${reload}
end=$(($(date +%s) + ${seconds}))
while [ -n "$before" ] && [ -n "$(grep -asL 'shutting down' $before)" ]; do
if [ "$(date +%s)" -gt "$end" ]; then
echo ${`nginx has not loaded the new configuration after ${seconds} s`} >&2
tail -c "+$((seen + 1))" ${log} | tail -n 6 >&2
exit 1
fi
sleep 0.05
done`;
