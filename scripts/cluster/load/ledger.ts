/** The acknowledgements that clients received, compared with later answers and with the stored data. */
export interface Ledger {
  todos: Writes;
  birthdays: Birthdays;
  counts: Counts;
}

export const openLedger = (): Ledger => ({ todos: writes(), birthdays: birthdays(), counts: counts() });

/** Writes: stored once if acknowledged, at most once if the result is unknown. */
export type Writes = ReturnType<typeof writes>;

function writes() {
  const [acknowledged, unknown] = [new Set<string>(), new Set<string>()];
  return {
    acknowledged,
    tell: (name: string, done: boolean) => void (done ? acknowledged : unknown).add(name),
    /** The mismatches with the names that are stored now. */
    problems(there: string[]): string[] {
      const kept = new Set(there);
      return [
        ...[...acknowledged].filter((name) => !kept.has(name)).map((name) => `${name} is lost`),
        ...there.filter((name, at) => there.indexOf(name) !== at).map((name) => `${name} is stored twice`),
        ...there
          .filter((name) => !acknowledged.has(name) && !unknown.has(name))
          .map((name) => `${name} was never sent`),
      ];
    },
  };
}

/** Birthdays of users: the last date that was acknowledged, or one sent after it without an answer. */
export type Birthdays = ReturnType<typeof birthdays>;

export interface Person {
  name: string;
  /** Acknowledged dates, oldest first, with the time of the acknowledgement. */
  dates: { date: string; at: number }[];
  /** Sent without an acknowledgement: it may be stored or not, and nothing is written after it. */
  unknown: string | undefined;
}

function birthdays() {
  const people: Person[] = [];
  let writing: Person | undefined;
  return {
    people,
    /** The user whose date is written next: another one after an unknown write, and after 20 dates. */
    next(): Person {
      if (writing === undefined || writing.unknown !== undefined || writing.dates.length > 20) {
        writing = { name: nameOf(people.length), dates: [], unknown: undefined };
        people.push(writing);
      }
      return writing;
    },
    send(person: Person, date: string) {
      person.unknown = date;
    },
    acknowledge(person: Person, date: string) {
      person.dates.push({ date, at: performance.now() });
      person.unknown = undefined;
    },
    known: () => people.filter(({ dates }) => dates.length > 0),
    /** The dates that a correct answer to a request sent at `began` may contain. */
    possible({ dates, unknown }: Person, began: number): string[] {
      const last = dates.findLastIndex(({ at }) => at <= began);
      const known = dates.slice(Math.max(0, last)).map(({ date }) => date);
      return unknown === undefined ? known : [...known, unknown];
    },
  };
}

/** User names have letters only: 0 is `usera`, 26 is `userba`. */
const nameOf = (number: number) =>
  `user${[...number.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')}`;

/** Counter values: each is returned once, and is greater than any known when it was requested. */
export type Counts = ReturnType<typeof counts>;

function counts() {
  const given = new Map<string, Set<number>>();
  const highest = new Map<string, number>();
  const problems: string[] = [];
  return {
    problems,
    ids: () => [...highest.keys()],
    highest: (id: string) => highest.get(id) ?? 0,
    tell(id: string, number: number, before: number) {
      const numbers = given.get(id) ?? new Set();
      given.set(id, numbers);
      if (numbers.has(number)) problems.push(`${id}: ${number} was returned twice`);
      if (number <= before) problems.push(`${id}: ${number} after ${before}`);
      numbers.add(number);
      highest.set(id, Math.max(number, highest.get(id) ?? 0));
    },
    total: () => [...given.values()].reduce((sum, { size }) => sum + size, 0),
  };
}
