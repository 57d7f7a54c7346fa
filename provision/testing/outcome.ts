import { inspect } from 'node:util';
import { explain } from '../errors.ts';

/** The result of a function as text, or its error as the command line prints it. */
export const outcome = (work: () => unknown): string => {
  try {
    return inspect(work());
  } catch (error) {
    return explain(error);
  }
};
