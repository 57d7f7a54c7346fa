import { exitCodes, explain, ProvisionError } from '../../provision/index.ts';
import { progressLines } from '../command/progress.ts';
import { paths, type ServiceName } from './app/calls.ts';
import { type Sample, type Shoot, startLoader } from './app/measure.ts';
import { type Options, parseOptions } from './app/options.ts';
import { mayPrioritize, withPriority } from './app/priority.ts';
import { type Figures, more, type Turn, table } from './app/report.ts';
import { type Memory, memoryTable, soak } from './app/soak.ts';
import { type Subject, type SubjectName, startWorld, type World } from './app/world.ts';

/** As many as a small nginx keeps open to TheAPP. */
const connections = 20;
/** The part of its saturation at which a server is expected to live. */
const steadily = 0.8;
/** Below the servers', above all else. */
const priorityOfLoad = 5;
/** Who is asked at that. */
const calmly: ReadonlySet<SubjectName> = new Set(['theapp', 'hapi', 'node:http']);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
const { signal } = stop;
const { show: tell, end: clear } = progressLines(process.stderr);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await bench(options);
} catch (error) {
  clear();
  if (!signal.aborted) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = signal.aborted ? 130 : error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}

async function bench(options: Options): Promise<void> {
  if (options.urgent && !(await mayPrioritize()))
    tell('bench', 'no real-time priority (as root there is): the slowest answers are slower, of all servers');
  tell('bench', 'starting MariaDB, Redis, Memcached, TheAPP and its peers');
  const world = await startWorld(options, signal);
  const start = () => startLoader(signal);
  const loader = await (options.urgent ? withPriority(priorityOfLoad, start) : start());
  try {
    await measureAll(world, loader.shoot, options);
    if (options.soak > 0) await watch(world, loader.shoot, options);
  } finally {
    await Promise.all([loader.stop(), world.stop()]);
  }
}

function print(text: string): void {
  clear();
  process.stdout.write(`${text}\n`);
}

/** Round by round, each with processes of its own, which differ by a tenth from one start to the next. */
async function measureAll(world: World, shoot: Shoot, options: Options): Promise<void> {
  const { services, rounds, warmth } = options;
  const all: Measured[] = services.map((service) => ({ service, saturated: [], steady: [] }));
  try {
    for (let round = 1; round <= rounds; round++) {
      const { subjects, isolate, end } = await world.launch();
      const shootIsolated: Shoot = (subject, load) => {
        isolate(subject);
        return shoot(subject, load);
      };
      const place = `round ${round} of ${rounds}`;
      await warm(subjects, services, { seconds: warmth, place, shoot: shootIsolated });
      for (const { service, saturated, steady } of all) {
        const terms = { place: `${place}, ${service}`, shoot: shootIsolated, options };
        const seen = await measure(service, inTurn(subjects, round), terms);
        saturated.push(...seen.saturated);
        steady.push(...seen.steady);
      }
      await end();
    }
  } finally {
    // Also what was measured until it was interrupted.
    const seen = all.filter(({ saturated }) => saturated.length > 0);
    if (seen.length > 0) print([...seen.map(table), more].join('\n'));
  }
}

/** Figures that grow round by round. */
interface Measured extends Figures {
  readonly saturated: Turn[];
  readonly steady: Turn[];
}

/**
 * In turns of a second, so that what else the computer does falls on all alike: as fast as it goes, and directly after
 * that at 80 % of what that was.
 */
async function measure(
  service: ServiceName,
  subjects: readonly Subject[],
  { place, shoot, options: { seconds, warmth } }: { place: string; shoot: Shoot; options: Options },
): Promise<{ saturated: Turn[]; steady: Turn[] }> {
  const load = { paths: [paths[service]], connections };
  await warm(subjects, [service], { seconds: Math.ceil(warmth / 10), place, shoot });
  const seen = { saturated: [] as Turn[], steady: [] as Turn[] };
  for (let second = 0; second < seconds; second++) {
    const [saturated, steady] = [new Map<SubjectName, Sample>(), new Map<SubjectName, Sample>()];
    for (const subject of inTurn(subjects, second)) {
      const { name } = subject;
      tell(place, name);
      const sample = await shoot(subject, { ...load, seconds: 1 });
      saturated.set(name, sample);
      if (!calmly.has(name)) continue;
      tell(place, `${name} at 80 %`);
      steady.set(name, await shoot(subject, { ...load, seconds: 1, rate: steadily * sample.perSecond }));
    }
    seen.saturated.push(saturated);
    seen.steady.push(steady);
  }
  return seen;
}

/** Loads with all services in turn, as long as V8 compiles while it serves: its threads share the server's core. */
async function warm(
  subjects: readonly Subject[],
  services: readonly ServiceName[],
  { seconds, place, shoot }: { seconds: number; place: string; shoot: Shoot },
): Promise<void> {
  for (const subject of subjects) {
    tell(place, `warming ${subject.name}`);
    await shoot(subject, { paths: services.map((service) => paths[service]), connections, seconds });
  }
}

/** Each time begins with another, so that no place in the order favours anybody. */
function inTurn<T>(all: readonly T[], time: number): T[] {
  const first = time % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/** All services in turn, at 80 % of what TheAPP can do of the mixture. */
async function watch(world: World, shoot: Shoot, options: Options): Promise<void> {
  const { services, soak: minutes, warmth: seconds } = options;
  const launch = await world.launch(['theapp']);
  const [theapp] = launch.subjects;
  if (!theapp) throw new RangeError('nobody to watch');
  await warm([theapp], services, { seconds, place: 'soak', shoot });
  const mixture = services.map((service) => paths[service]);
  tell('soak', 'how fast all services together can be');
  const { perSecond } = await shoot(theapp, { paths: mixture, connections, seconds: 5 });
  const rate = Math.round(perSecond * steadily);
  tell('soak', `${minutes} minutes at ${rate} requests/s`);
  const show = (seen: readonly Memory[]) => print(memoryTable(seen));
  await soak(theapp, mixture, { shoot, rate, minutes, connections, signal, tell: show });
  await launch.end();
}
