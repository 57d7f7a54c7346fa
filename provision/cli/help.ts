import type { Option } from 'commander';

/** What an option is for, its choices and its default, unless that is nothing. For every command's --help. */
export function optionDescription({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Option): string {
  const value = defaultValueDescription ?? (Array.isArray(defaultValue) ? defaultValue.join() : defaultValue);
  const extra = [
    ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
    ...(value === undefined || value === false || value === '' ? [] : [`default: ${value}`]),
  ];
  return extra.length > 0 ? `${description} (${extra.join('; ')})` : description;
}
