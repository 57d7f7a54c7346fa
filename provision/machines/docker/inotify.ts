import { tryDocker } from './client.ts';

/** What a machine of a Kubernetes cluster needs, as measured on a cluster of three. */
export const EACH = 25;

/** Takes up to as many inotify instances as its argument says, and prints how many it got. It gives all of them back. */
const PROGRAM = `use POSIX;
my $call = (POSIX::uname())[4] eq 'x86_64' ? 294 : 26;
my $n = 0;
while ($n < $ARGV[0]) { last if syscall($call, 0) < 0; $n++ }
print $n`;

/**
 * All containers and the computer share one limit of inotify instances for root. Takes as many as new machines may need,
 * in a container for a moment, because only root can count those in use.
 *
 * @returns a warning if there are too few
 */
export async function fewWatchers(image: string, machines: number): Promise<string | undefined> {
  const needed = EACH * machines;
  const words = ['run', '--rm', '--network=none', image, 'perl', '-e', PROGRAM, String(needed)];
  const { ok, stdout } = await tryDocker(words);
  return ok ? warningFor(Number(stdout), needed) : undefined;
}

/** What to say if there are fewer instances than needed. */
export const warningFor = (free: number, needed: number): string | undefined =>
  free >= needed
    ? undefined
    : `root has ${free} inotify instances left, of the ${needed} that a Kubernetes cluster of these machines needs; if "too many open files" appears in a log: sudo sysctl fs.inotify.max_user_instances=1024`;
