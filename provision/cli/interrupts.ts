import type { Reporter } from '../report/events.ts';

/**
 * Ctrl-C: the first lets the change under way end, so that nothing is half done, and prints the recap; the second
 * stops at once. `done` gives the signals back.
 */
export function interrupts(report: Reporter): { stopping(): boolean; signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  let asked = 0;
  const hear = () => {
    asked++;
    if (asked === 1) {
      report({ event: 'warning', message: 'stopping after the change under way; once more to stop at once' });
      return;
    }
    controller.abort();
    process.exit(130);
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return {
    stopping: () => asked > 0,
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', hear);
      process.off('SIGTERM', hear);
    },
  };
}
