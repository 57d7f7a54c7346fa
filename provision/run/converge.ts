import type { Change, Handler, Resource } from '../language/resource.ts';
import type { Reply, Session, Step } from '../shell/exchange.ts';
import { sh } from '../shell/sh.ts';
import {
  begin,
  type Cursor,
  changed,
  handled,
  next,
  pending,
  probed,
  type Range,
  toProbe,
  toProbeWithChange,
  toProbeWithHandler,
} from './cursor.ts';
import { debt, note, paid } from './debts.ts';
import { decide, failIfFailed, notConverged, probesFailed, stopped } from './failures.ts';
import { flatten, type Item, type Part, title } from './items.ts';
import { probesOf } from './probes.ts';

export type Status = 'ok' | 'changed' | 'pending' | 'skipped';

/** The outcome for one resource. `predicted`: an earlier change is pending, so what was probed may not hold. */
export interface Result {
  readonly status: Status;
  readonly predicted: boolean;
  readonly changes: readonly Change[];
  readonly seconds: number;
}

/** Observes a host run. Its methods are called in the order of the resources. */
export interface Listener {
  /** Called before the resources of a role. */
  role(role: string): void;
  resource(role: string, resource: Resource, result: Result): void;
  handler(role: string, handler: Handler, status: 'ran' | 'pending', seconds: number): void;
  progress(role: string, line: string): void;
  /** Called before each change; false skips the change. */
  confirm?(role: string, resource: Resource, changes: readonly Change[]): Promise<boolean>;
}

export interface Options {
  readonly session: Session;
  /** Reboots the host and opens a new session, in at most so many seconds. */
  reboot(seconds: number): Promise<Session>;
  /** Probes, and changes nothing. */
  readonly check: boolean;
  /** The debts on the host; `converge` keeps the set up to date. */
  readonly owed: Set<string>;
  /** True once the run should end: the current change finishes, the next one does not start. */
  readonly stopping: () => boolean;
  /** Who runs this and from where, for the log on the host. */
  readonly by: string;
  readonly listener: Listener;
}

/** What stays the same while a host converges. */
interface HostWork extends Omit<Options, 'session'> {
  /** Another one after a reboot. */
  session: Session;
  readonly items: readonly Item[];
}

/** Seconds that a change may take unless its resource says otherwise. */
const TIMEOUT = 600;

/**
 * Brings one host to the desired state that a list of resources describes. One exchange probes all of them; each
 * change is one exchange that also probes what it changed and what comes next (see cursor.ts).
 *
 * @throws ProvisionError (failed) at the first resource that cannot be brought to its desired state; (unreachable)
 * from the session
 */
export async function converge(parts: readonly Part[], options: Options): Promise<void> {
  const work: HostWork = { ...options, items: flatten(parts) };
  let cursor = begin(work.items.length);
  let role: string | undefined;
  for (const item of work.items) {
    if (options.stopping()) throw stopped();
    if (item.role !== role) options.listener.role(item.role);
    role = item.role;
    cursor = await resourceDone(work, cursor, item);
    for (const handler of item.handlers) cursor = await handlerDone(work, cursor, item.role, handler);
    cursor = next(cursor);
  }
}

/** Probes the resource if its state is unknown, decides, and makes the change. */
async function resourceDone(work: HostWork, before: Cursor, item: Item): Promise<Cursor> {
  const start = performance.now();
  const cursor = await known(work, before, item.role);
  const changes = decide(item, cursor.states.get(cursor.at));
  const tell = (status: Status) =>
    work.listener.resource(item.role, item.resource, {
      status,
      predicted: cursor.predicted,
      changes,
      seconds: (performance.now() - start) / 1000,
    });
  if (changes.length === 0) {
    tell('ok');
    return cursor;
  }
  if (work.check) {
    tell('pending');
    for (const debt of debtsOf(item)) work.owed.add(debt);
    return pending(cursor);
  }
  if (work.listener.confirm && !(await work.listener.confirm(item.role, item.resource, changes))) {
    tell('skipped');
    return cursor;
  }
  const after = await change(work, cursor, item, changes);
  tell('changed');
  return after;
}

async function known(work: HostWork, cursor: Cursor, role: string): Promise<Cursor> {
  const range = toProbe(cursor);
  if (!range) return cursor;
  const { states } = await exchange(work, role, [], range);
  return probed(cursor, range, states);
}

/** One exchange: the log entry and the debts, the changes, then the probes of the resource and the next one. */
async function change(
  work: HostWork,
  cursor: Cursor,
  item: Item,
  changes: readonly Change[],
): Promise<Cursor> {
  const { role, resource } = item;
  await uploadAll(work, role, changes);
  const place = `${role}: ${title(resource)}`;
  const debts = debtsOf(item);
  const summaries = changes.map(({ summary }) => summary);
  const timeout = resource.timeout ?? TIMEOUT;
  const steps = [
    { script: note(`${work.by} ${place}: ${summaries.join('; ')}`, debts), timeout: 60 },
    ...changes.map(({ script }) => ({ script, timeout })),
  ];
  const range = toProbeWithChange(cursor);
  const { reply, states } = await (resource.reboots
    ? acrossReboot(work, role, steps, range)
    : exchange(work, role, steps, range));
  if (reply.steps[0]?.code === 0) for (const name of debts) work.owed.add(name);
  failIfFailed(reply, place, ['log', ...summaries], timeout, resource.hint);
  const after = changed(cursor, range, states);
  const left = decide(item, after.states.get(after.at));
  if (left.length > 0) throw notConverged(item, left);
  return after;
}

/** The steps, then a reboot, then the probes in the new session. */
async function acrossReboot(work: HostWork, role: string, steps: readonly Step[], range: Range) {
  const before = await exchange(work, role, steps, { ...range, count: 0 });
  if (!succeeded(before.reply, steps)) return before;
  work.session = await work.reboot(steps.at(-1)?.timeout ?? TIMEOUT);
  const { states } = await exchange(work, role, [], range);
  return { reply: before.reply, states };
}

const debtsOf = ({ role, resource }: Item) => (resource.notify ?? []).map((handler) => debt(role, handler));

async function uploadAll({ session, listener }: HostWork, role: string, changes: readonly Change[]) {
  for (const { upload, summary } of changes) {
    if (!upload) continue;
    await session.upload(upload, (bytes) =>
      listener.progress(role, `${summary}: ${share(bytes, upload.bytes)}`),
    );
  }
}

/** Runs a handler that is owed. A subshell: a handler that ends with `exit 0` has succeeded, and its debt is cleared. */
async function handlerDone(work: HostWork, cursor: Cursor, role: string, handler: Handler): Promise<Cursor> {
  const name = debt(role, handler);
  if (!work.owed.has(name)) return cursor;
  if (work.check) {
    work.listener.handler(role, handler, 'pending', 0);
    return cursor;
  }
  if (work.stopping()) throw stopped();
  const start = performance.now();
  const script = sh`( ${handler.script}
)
${paid(name)}`;
  const range = toProbeWithHandler(cursor);
  const { reply, states } = await exchange(work, role, [{ script, timeout: TIMEOUT }], range);
  failIfFailed(reply, `${role}: handler ${handler.name}`, [handler.name], TIMEOUT);
  work.owed.delete(name);
  work.listener.handler(role, handler, 'ran', (performance.now() - start) / 1000);
  return handled(cursor, range, states);
}

/** One exchange: the steps, then the probes of a range. The states are empty when a step failed. */
async function exchange(
  { session, items, listener }: HostWork,
  role: string,
  steps: readonly Step[],
  { from, count }: Range,
): Promise<{ reply: Reply; states: readonly unknown[] }> {
  const { scripts, read } = probesOf(items.slice(from, from + count).map(({ resource }) => resource));
  const progress = (line: string) => listener.progress(role, line);
  const reply = await session.exchange({ steps, probes: scripts, progress });
  if (!succeeded(reply, steps)) return { reply, states: [] };
  if (reply.broken) throw probesFailed(role, reply.broken);
  return { reply, states: read(reply.probes) };
}

const succeeded = (reply: Reply, steps: readonly Step[]) =>
  reply.steps.length === steps.length && reply.steps.every(({ code }) => code === 0);

const share = (bytes: number, all: number) =>
  `${Math.floor((100 * bytes) / Math.max(all, 1))} % of ${mib(all)} MiB`;
const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1);
