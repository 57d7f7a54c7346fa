import { failure, ProvisionError } from '../errors.ts';
import type { Change, Handler, Resource } from '../language/resource.ts';
import type { Reply, Seen, Session, Step } from '../shell/exchange.ts';
import { sh } from '../shell/sh.ts';
import { debt, note, paid } from './debts.ts';
import { probesOf } from './probes.ts';

/** The resources of one role, in order. */
export interface Part {
  readonly role: string;
  readonly resources: readonly Resource[];
}

export type Status = 'ok' | 'changed' | 'pending' | 'skipped';

/** What became of one resource. `predicted`: an earlier change is pending, so what was seen may not hold. */
export interface Result {
  readonly status: Status;
  readonly predicted: boolean;
  readonly changes: readonly Change[];
  readonly seconds: number;
}

/** What converging tells while it goes. All methods are called in the order of the list. */
export interface Listener {
  /** Its resources come next. */
  role(role: string): void;
  resource(role: string, resource: Resource, result: Result): void;
  handler(role: string, handler: Handler, status: 'ran' | 'pending', seconds: number): void;
  progress(role: string, line: string): void;
  /** Asked before each change; false leaves it undone. */
  confirm?(role: string, resource: Resource, changes: readonly Change[]): Promise<boolean>;
}

export interface Options {
  readonly session: Session;
  /** Looks, and makes no change. */
  readonly check: boolean;
  /** Debts on the host; kept up to date here. */
  readonly owed: Set<string>;
  /** True once the run should end: the change under way is finished, the next is not begun. */
  readonly stopping: () => boolean;
  /** Who runs this and from where: the journal's words. */
  readonly by: string;
  readonly listener: Listener;
}

interface Item {
  readonly role: string;
  readonly resource: Resource;
  /** The handlers of the item's role, on the role's last item only. */
  readonly handlers?: readonly Handler[];
}

/** Seconds a change may take unless its resource says otherwise. */
const TIMEOUT = 600;

/** Thrown when the run was asked to stop between two changes. */
export const stopped = () =>
  failure({ what: 'stopped as asked', todo: 'run the same command again to go on' });

/**
 * Makes one host agree with a list of resources. No decision is made on anything seen before the last change: one
 * exchange looks at all; each change is one exchange that also looks again at what it changed and at what comes
 * next, in a window that doubles while nothing needs changing.
 *
 * @throws ProvisionError (failed) at the first resource that cannot be made so; (unreachable) from the session
 */
export async function converge(parts: readonly Part[], options: Options): Promise<void> {
  const { session, check, owed, listener } = options;
  const items = flatten(parts);
  const states = new Map<number, unknown>();
  let window = items.length;
  let predicted = false;

  /** One exchange: the steps, then a look at the items from `from` on. What was seen before is forgotten. */
  async function exchange(role: string, steps: readonly Step[], from: number, count: number): Promise<Reply> {
    const seen = items.slice(from, from + count);
    const { scripts, read } = probesOf(seen.map(({ resource }) => resource));
    const progress = (line: string) => listener.progress(role, line);
    const reply = await session.exchange({ steps, probes: scripts, progress });
    states.clear();
    if (reply.steps.length === steps.length && reply.steps.every(({ code }) => code === 0)) {
      if (reply.broken) throw couldNotLook(role, reply.broken);
      for (const [i, state] of read(reply.probes).entries()) states.set(from + i, state);
    }
    return reply;
  }

  async function change(i: number, { role, resource }: Item, changes: readonly Change[]): Promise<void> {
    for (const { upload, summary } of changes) {
      if (!upload) continue;
      await session.upload(upload, (bytes) =>
        listener.progress(role, `${summary}: ${share(bytes, upload.bytes)}`),
      );
    }
    const debts = (resource.notify ?? []).map((handler) => debt(role, handler));
    const words = changes.map(({ summary }) => summary).join('; ');
    const before = note(`${options.by} ${role}: ${title(resource)}: ${words}`, debts);
    const timeout = resource.timeout ?? TIMEOUT;
    const steps = [{ script: before, timeout: 60 }, ...changes.map(({ script }) => ({ script, timeout }))];
    const reply = await exchange(role, steps, i, 2);
    for (const name of debts) if (reply.steps[0]?.code === 0) owed.add(name);
    failIfFailed(
      reply,
      `${role}: ${title(resource)}`,
      ['journal', ...changes.map(({ summary }) => summary)],
      timeout,
    );
    const left = decide(role, resource, states.get(i));
    if (left.length > 0) {
      throw failure({
        place: `${role}: ${title(resource)}`,
        what: 'the change was made, and yet it is not so',
        why: left.map(({ summary }) => summary).join('; '),
        todo: 'something on the host undoes it, or another resource wants the opposite',
      });
    }
  }

  async function settleDebts(i: number, { role, handlers = [] }: Item): Promise<void> {
    for (const handler of handlers) {
      const name = debt(role, handler);
      if (!owed.has(name)) continue;
      if (check) {
        listener.handler(role, handler, 'pending', 0);
        continue;
      }
      if (options.stopping()) throw stopped();
      const start = performance.now();
      // A subshell: a handler that ends with `exit 0` has succeeded, and its debt is still to be struck out.
      const script = sh`( ${handler.script}
)
${paid(name)}`;
      window = 1;
      const reply = await exchange(role, [{ script, timeout: TIMEOUT }], i + 1, window);
      failIfFailed(reply, `${role}: handler ${handler.name}`, [handler.name], TIMEOUT);
      owed.delete(name);
      listener.handler(role, handler, 'ran', (performance.now() - start) / 1000);
    }
  }

  for (const [i, item] of items.entries()) {
    if (options.stopping()) throw stopped();
    const start = performance.now();
    const { role, resource } = item;
    if (role !== items[i - 1]?.role) listener.role(role);
    if (!states.has(i)) {
      await exchange(role, [], i, window);
      window *= 2;
    }
    const changes = decide(role, resource, states.get(i));
    const tell = (status: Status) =>
      listener.resource(role, resource, {
        status,
        predicted,
        changes,
        seconds: (performance.now() - start) / 1000,
      });
    if (changes.length === 0) tell('ok');
    else if (check) {
      tell('pending');
      for (const handler of resource.notify ?? []) owed.add(debt(role, handler));
      predicted = true;
    } else if (listener.confirm && !(await listener.confirm(role, resource, changes))) tell('skipped');
    else {
      window = 2;
      await change(i, item, changes);
      tell('changed');
    }
    await settleDebts(i, item);
  }
}

/** What a person reads: `file /etc/motd`. */
export const title = ({ kind, name }: Resource) => `${kind} ${name}`;

function flatten(parts: readonly Part[]): Item[] {
  return parts.flatMap(({ role, resources }) => {
    const joined: Resource[] = [];
    for (const resource of resources) {
      const both = joined.at(-1)?.join?.(resource);
      if (both) joined.splice(-1, 1, both);
      else joined.push(resource);
    }
    const handlers = [...new Set(joined.flatMap(({ notify = [] }) => notify))];
    return joined.map((resource, i) => ({
      role,
      resource,
      ...(i === joined.length - 1 ? { handlers } : {}),
    }));
  });
}

function decide(role: string, resource: Resource, state: unknown): readonly Change[] {
  try {
    return resource.plan(state);
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    throw failure({ place: `${role}: ${title(resource)}`, ...error.parts }, error);
  }
}

function couldNotLook(role: string, { code, stderr }: Seen): ProvisionError {
  const why = code === 124 ? 'the probes did not end in time' : `exit code ${code}`;
  return failure({ place: role, what: 'could not look at the host', why, said: stderr });
}

function failIfFailed({ steps }: Reply, place: string, names: readonly string[], timeout: number): void {
  const at = steps.findIndex(({ code }) => code !== 0);
  const failed = steps[at];
  if (!failed) return;
  const { code, stdout, stderr } = failed;
  throw failure({
    place,
    what: `${names[at]} failed`,
    why: code === 124 ? `it did not end within ${timeout} s and was killed` : `exit code ${code}`,
    said: stderr.trim() === '' ? stdout : stderr,
    todo: hint(stderr),
  });
}

/** What helps against the failures that every command can have. */
function hint(words: string): string {
  if (/No space left on device|printf: I\/O error/.test(words))
    return 'the disk is full: df -h on the host shows which, then run again';
  if (/Read-only file system/.test(words))
    return 'a file system is mounted read-only: dmesg on the host says why';
  if (/Temporary failure (in name resolution|resolving)/.test(words))
    return 'the host cannot resolve names: check its DNS';
  return 'run again with -v to see the whole output';
}

const share = (bytes: number, all: number) =>
  `${Math.floor((100 * bytes) / Math.max(all, 1))} % of ${mib(all)} MiB`;
const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1);
