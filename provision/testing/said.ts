import { inspect } from 'node:util';
import { explain } from '../errors.ts';

/** What a person reads of some work: its result, or its error as the command line would print it. */
export const said = (work: () => unknown): string => {
  try {
    return inspect(work());
  } catch (error) {
    return explain(error);
  }
};
