import { type Script, sh } from '../../provision/index.ts';

/** How a running nginx is told to reload, and where it keeps what this has to know. */
export interface Running {
  readonly reload: Script;
  /** The file with the master's process id. */
  readonly pid: string;
  /** The error log: nowhere else does a master say why it does not take a configuration. */
  readonly log: string;
  /** How long the workers from before may accept on; a master tries for 2.5 s to listen where it cannot. */
  readonly seconds: number;
}

/**
 * Reloads nginx, and ends when whoever connects from now on meets the new configuration. `nginx -s reload` returns at
 * once; the workers from before accept until 0.1 s after the new ones have started, then their titles say that they
 * shut down (ngx_master_process_cycle, ngx_worker_process_cycle). They stay when the configuration cannot be taken,
 * which `nginx -t` does not always foresee (a port in use): then this fails with the master's words.
 */
export const reloaded = ({ reload, pid, log, seconds }: Running): Script => sh`read -r master <${pid}
before=$(grep -ls "^PPid:[[:blank:]]*$master\$" /proc/[0-9]*/status | sed 's/status$/cmdline/')
seen=$(cat ${log} 2>/dev/null | wc -c)
${reload}
end=$(($(date +%s) + ${seconds}))
while [ -n "$before" ] && [ -n "$(grep -asL 'shutting down' $before)" ]; do
if [ "$(date +%s)" -gt "$end" ]; then
echo ${`nginx has not taken the new configuration after ${seconds} s`} >&2
tail -c "+$((seen + 1))" ${log} | tail -n 6 >&2
exit 1
fi
sleep 0.05
done`;
