import { type ReportOptions, reporterOf } from '../report/reporter.ts';
import { verify } from '../run/verify.ts';
import { type Acted, act } from './act.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { checkCombinations } from './combinations.ts';
import { decide } from './decide.ts';
import { reportErrors } from './errors.ts';
import { list } from './list.ts';
import { toleratePipes } from './pipes.ts';

/**
 * The whole command: parse, decide, act, report. Returns its exit code: 0 converged, 1 failed, 2 differences,
 * 3 bad input, 4 unreachable.
 */
export async function main(argv: readonly string[]): Promise<number> {
  toleratePipes();
  const started = performance.now();
  const { args, error: misread } = parse(argv);
  if (!args && misread === undefined) return 0;
  const shown = args ?? presentation(argv);
  const report = await reporterOf(shown);
  let acted: Pick<Acted, 'hosts' | 'urls' | 'exitCode'> = { hosts: [], urls: [], exitCode: 0 };
  try {
    if (!args) throw misread;
    const decision = await decide(args);
    if (args.list) {
      list(decision, args.json);
      return 0;
    }
    const done = await act(decision, args, report);
    acted = done;
    if (done.exitCode === 0 && decision.verifies) await verify(decision.approach, done.up, report, done.open);
  } catch (error) {
    acted = { ...acted, exitCode: reportErrors(error, report, shown.verbose) };
  }
  const { hosts, urls, exitCode } = acted;
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  report({ event: 'recap', exitCode, urls: exitCode === 0 ? urls : [], hosts, seconds });
  return exitCode;
}

/** The arguments, or the error in them; neither if the help was shown instead. */
function parse(argv: readonly string[]): { args?: Arguments | undefined; error?: unknown } {
  try {
    const args = parseArguments(argv);
    if (args) checkCombinations(args);
    return { args };
  } catch (error) {
    return { error };
  }
}

/** How an error in the arguments is shown. */
const presentation = (argv: readonly string[]): ReportOptions => ({
  json: argv.includes('--json'),
  diff: false,
  verbose: argv.includes('-v') || argv.includes('--verbose'),
});
