import { interruption, runCommand } from '../command/command.ts';
import { progressLines } from '../command/progress.ts';
import { paths, type ServiceName } from './app/handlers.ts';
import { benchCommand, type Options } from './app/options.ts';
import { mayPrioritize, withPriority } from './app/priority.ts';
import { type Figures, more, type Turn, table } from './app/report.ts';
import { type Sample, type Shoot, startLoader } from './app/sample.ts';
import { type Memory, memoryTable, soak } from './app/soak.ts';
import { type Subject, type SubjectName, startTestbed, type Testbed } from './app/testbed.ts';

/** As many connections as a small nginx keeps open to TheAPP. */
const connections = 20;
/** The part of its maximum rate that a server should sustain with low latency. */
const STEADY_PART = 0.8;
/** Real-time priority: below the servers', above everything else. */
const priorityOfLoad = 5;
/** The subjects that are also measured at that rate. */
const steadyNames: ReadonlySet<SubjectName> = new Set(['theapp', 'hapi', 'node:http']);

const signal = interruption();
const { show, end: clear } = progressLines(process.stderr);
await runCommand(benchCommand(bench), { ended: clear, signal });

async function bench(options: Options): Promise<void> {
  if (options.urgent && !(await mayPrioritize()))
    show('bench', 'no real-time priority without root: the p99 of all servers is higher');
  show('bench', 'starting MariaDB, Redis, Memcached, TheAPP and the peers');
  const testbed = await startTestbed(options, signal);
  const start = () => startLoader(signal);
  const loader = await (options.urgent ? withPriority(priorityOfLoad, start) : start());
  try {
    await measureAll(testbed, loader.shoot, options);
    if (options.soak > 0) await watchMemory(testbed, loader.shoot, options);
  } finally {
    await Promise.all([loader.stop(), testbed.stop()]);
  }
}

function print(text: string): void {
  clear();
  process.stdout.write(`${text}\n`);
}

/** Measures round by round, each with new processes: they differ by a tenth from one start to the next. */
async function measureAll(testbed: Testbed, shoot: Shoot, options: Options): Promise<void> {
  const { services, rounds, warmth } = options;
  const all: Measured[] = services.map((service) => ({ service, saturated: [], steady: [] }));
  try {
    for (let round = 1; round <= rounds; round++) {
      const { subjects, isolate, end } = await testbed.launch();
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
    // Also prints what was measured before an interruption.
    const seen = all.filter(({ saturated }) => saturated.length > 0);
    if (seen.length > 0) print([...seen.map(table), more].join('\n'));
  }
}

/** Figures, extended in each round. */
interface Measured extends Figures {
  readonly saturated: Turn[];
  readonly steady: Turn[];
}

/**
 * Loads the subjects in turns of one second, so that other work on the computer affects all of them alike: first as
 * fast as possible, then at 80 % of that rate.
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
      show(place, name);
      const sample = await shoot(subject, { ...load, seconds: 1 });
      saturated.set(name, sample);
      if (!steadyNames.has(name)) continue;
      show(place, `${name} at 80 %`);
      steady.set(name, await shoot(subject, { ...load, seconds: 1, rate: STEADY_PART * sample.perSecond }));
    }
    seen.saturated.push(saturated);
    seen.steady.push(steady);
  }
  return seen;
}

/** Loads all services in turn until V8 has compiled the hot code: its compiler threads share the server's core. */
async function warm(
  subjects: readonly Subject[],
  services: readonly ServiceName[],
  { seconds, place, shoot }: { seconds: number; place: string; shoot: Shoot },
): Promise<void> {
  for (const subject of subjects) {
    show(place, `warming up ${subject.name}`);
    await shoot(subject, { paths: services.map((service) => paths[service]), connections, seconds });
  }
}

/** Starts with another subject each time, so that no place in the order is an advantage. */
function inTurn<T>(all: readonly T[], time: number): T[] {
  const first = time % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/** Loads all services in turn, at 80 % of the maximum rate of the mixture. */
async function watchMemory(testbed: Testbed, shoot: Shoot, options: Options): Promise<void> {
  const { services, soak: minutes, warmth: seconds } = options;
  const launch = await testbed.launch(['theapp']);
  const [theapp] = launch.subjects;
  if (!theapp) throw new RangeError('TheAPP was not started');
  await warm([theapp], services, { seconds, place: 'soak', shoot });
  const mixture = services.map((service) => paths[service]);
  show('soak', 'measuring the maximum rate of all services together');
  const { perSecond } = await shoot(theapp, { paths: mixture, connections, seconds: 5 });
  const rate = Math.round(perSecond * STEADY_PART);
  show('soak', `${minutes} minutes at ${rate} requests/s`);
  const report = (seen: readonly Memory[]) => print(memoryTable(seen));
  await soak(theapp, mixture, { shoot, rate, minutes, connections, signal, report });
  await launch.end();
}
