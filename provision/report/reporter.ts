import type { Reporter } from './events.ts';
import { jsonReporter } from './json.ts';
import { terminalReporter } from './terminal.ts';

export interface ReportOptions {
  readonly json: boolean;
  readonly diff: boolean;
  readonly verbose: boolean;
  /** The file for an HTML report of the run. */
  readonly report?: string;
}

/** Writes readable output to stderr or JSON to stdout, and in both cases the HTML report if requested. */
export async function reporterOf({ json, diff, verbose, report }: ReportOptions): Promise<Reporter> {
  // Loaded on demand: most runs show no diffs and write no HTML report.
  const patch = diff ? (await import('./patch.ts')).patch : undefined;
  const page = report === undefined ? undefined : (await import('./html.ts')).htmlReporter(report);
  const main = json ? jsonReporter : terminalReporter({ out: process.stderr, patch, verbose });
  if (!page) return main;
  return (event) => {
    main(event);
    page(event);
  };
}
