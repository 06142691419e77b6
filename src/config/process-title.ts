// What `proc-title-template` means: `{name}` stands for a variable, `{{` for a brace.

/** The variables of a title. */
const VARIABLES = [
  'title',
  'listen-addr',
  'server-mode',
  'port',
  'tls-port',
  'unixsocket',
  'config-file',
] as const;

/** Their values. */
export type TitleVariables = Readonly<Record<(typeof VARIABLES)[number], string>>;

const MARKS = /\{\{|\{([^}]*)\}/g;

/** What is wrong with a template; something other than the title must be left to show. */
export function checkTitleTemplate(template: string): string | undefined {
  const rest = template.replace(MARKS, (match, name: string | undefined) => {
    if (name === undefined) return 'brace';
    if (!isVariable(name)) return match;
    return name === 'title' ? '' : 'variable';
  });
  return rest.includes('{') || rest.trim() === ''
    ? 'template format is invalid or contains unknown variables'
    : undefined;
}

/** The title that a valid template makes of the variables, without spaces around it. */
export function processTitle(template: string, variables: TitleVariables): string {
  const title = template.replace(MARKS, (match, name: string | undefined) => {
    if (name === undefined) return '{';
    return isVariable(name) ? variables[name] : match;
  });
  return title.replace(/^ +| +$/g, '');
}

function isVariable(name: string): name is keyof TitleVariables {
  return VARIABLES.some((variable) => variable === name);
}
