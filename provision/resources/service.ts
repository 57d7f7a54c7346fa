import {
  type Batch,
  batched,
  type Change,
  type Notify,
  notified,
  type Resource,
} from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { type Script, sh } from '../shell/sh.ts';
import { word } from './check.ts';
import { refusal } from './draft.ts';

export interface ServiceOptions extends Notify {
  /** Whether it starts at boot; default: true; null leaves it unchanged. */
  enabled?: boolean | null;
  /** Whether it runs now; default: true; null leaves it unchanged. */
  running?: boolean | null;
}

/** The state of a unit; `systemd` is false if systemd is not running. */
export interface ServiceState {
  readonly systemd: boolean;
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** `running`, `exited`, `dead`, `auto-restart`, … */
  readonly sub: string;
  /** `enabled`, `disabled`, `static`, … */
  readonly file: string;
  /** Whether its files are newer than what systemd has loaded. */
  readonly stale: boolean;
}

/** An existing systemd unit. A name without a suffix is a service. */
export function service(name: string, options: ServiceOptions = {}): Resource<ServiceState> {
  const unit = unitName('service', name);
  return {
    kind: 'service',
    name,
    probe: batched(services, unit),
    plan: (state) => plan(unit, options, state),
    ...notified(options),
  };
}

/** The full name of a unit. @throws ProvisionError (input) */
export function unitName(kind: string, name: string): string {
  const pattern = /^[A-Za-z0-9:_.@-]+$/;
  word(`${kind} ${name}`, name, pattern, 'the name of a systemd unit');
  return /\.(service|socket|timer|target|mount|path|slice|automount|swap)$/.test(name)
    ? name
    : `${name}.service`;
}

/** Probes all units of one exchange with one process. */
export const services: Batch<string, ServiceState> = { name: 'services', script, read };

const PROPERTIES = 'LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload';

/** Prints a block for each name, in order, or `none` if systemd is not running. */
function script(units: readonly string[]): Script {
  return sh`if [ -d /run/systemd/system ]; then systemctl show -p ${PROPERTIES} -- ${units} || :; else echo none; fi`;
}

function read({ stdout }: Seen, units: readonly string[]): ServiceState[] {
  const blocks = stdout.trim().split('\n\n');
  return units.map((_, i) => {
    const entries = (blocks[i] ?? '').split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
    const {
      LoadState = '',
      ActiveState = '',
      SubState = '',
      UnitFileState = '',
      NeedDaemonReload,
    } = Object.fromEntries(entries) as Partial<Record<string, string>>;
    return {
      systemd: LoadState !== '',
      load: LoadState,
      active: ActiveState,
      sub: SubState,
      file: UnitFileState,
      stale: NeedDaemonReload === 'yes',
    };
  });
}

/** States of a unit file that count as enabled. Some cannot be enabled: `static` has no [Install] section. */
const ENABLED = new Set(['enabled', 'static', 'alias', 'indirect', 'generated', 'transient']);
const DISABLED = new Set(['disabled', 'static', 'masked', 'indirect', 'generated', 'transient', '']);
const RUNNING = new Set(['active', 'reloading', 'refreshing']);

function plan(unit: string, options: ServiceOptions, state: ServiceState): Change[] {
  const { enabled = true, running = true } = options;
  if (!state.systemd) {
    const idle = enabled !== true && running !== true;
    return idle
      ? []
      : [refusal('systemd is not running on this host', 'services need a host that was booted with systemd')];
  }
  const todo: [string, Script][] = [];
  if (state.stale) todo.push(['reload unit files', sh`systemctl daemon-reload`]);
  const masked = state.load === 'masked';
  if (masked && (enabled || running)) todo.push(['unmask', sh`systemctl unmask -- ${unit}`]);
  if (enabled === true && !ENABLED.has(state.file))
    todo.push(['enable', sh`systemctl enable --quiet -- ${unit}`]);
  if (enabled === false && !DISABLED.has(state.file))
    todo.push(['disable', sh`systemctl disable --quiet -- ${unit}`]);
  if (running === true && !RUNNING.has(state.active))
    todo.push([`start (state: ${state.active})`, start(unit)]);
  if (running === false && !['inactive', 'failed'].includes(state.active))
    todo.push(['stop', sh`systemctl stop -- ${unit}`]);
  return todo.map(([summary, script]) => ({
    summary,
    script: sh`umask 022
${script}`,
  }));
}

/**
 * Starts a unit. If it does not start, or exits a moment later, the change fails with the last lines of its journal. A
 * start limit that it has hit is reset.
 */
export function start(unit: string): Script {
  return sh`systemctl reset-failed -- ${unit} 2>/dev/null || :
r=0
systemctl start -- ${unit} || r=$?
if [ $r = 0 ]; then
sleep 0.3
systemctl --quiet is-active -- ${unit} || { r=1; echo ${`${unit} exited right after it was started`} >&2; }
fi
if [ $r != 0 ]; then
journalctl --quiet --no-pager --output=cat --lines=15 --unit=${unit} >&2 || :
exit 1
fi`;
}
