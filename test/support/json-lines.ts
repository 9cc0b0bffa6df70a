// The output of `--json`, every line of which is held against the schema of its command.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { jsonSchemas } from '../../src/cli/json/schemas.ts';

interface Told {
  readonly t: string;
  readonly command?: string;
  readonly part?: string;
}

const ajv = new Ajv2020({ strict: true, strictTypes: false });
const validators = new Map<string, ValidateFunction>();

/** The records of an output that must be whole, without its header and its end; those that `of` names, where it does. */
export function jsonRecords<T>(output: string, of?: string): T[] {
  const lines = output.split('\n').filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as T & Told);
  const ends = [all.at(0)?.t, all.at(-1)?.t].join();
  if (ends !== 'header,end') throw new Error(`No whole output: ${output.slice(0, 1000)}`);
  const { command = '', part } = all[0] ?? {};
  for (const line of all) mustBeOfSchema(part === undefined ? command : `${command}-${part}`, line);
  return all.slice(1, -1).filter(({ t }) => of === undefined || t === of);
}

/** As `jsonRecords`, of an output whose bytes are one character each. */
export function jsonRecordsOfBytes<T>(output: string, of?: string): T[] {
  return jsonRecords(Buffer.from(output, 'latin1').toString('utf8'), of);
}

/** Throws where a line of a command is not as its schema has it. */
export function mustBeOfSchema(command: string, line: Told): void {
  const validate = validators.get(command) ?? validatorOf(command);
  validators.set(command, validate);
  const { t: told } = line;
  if (validate(line)) return;
  const variants = (jsonSchemas().get(command) as { oneOf?: readonly Variant[] }).oneOf ?? [];
  const at = variants.findIndex(({ properties: { t } }) => [t.const, ...(t.enum ?? [])].includes(told));
  const faults = (validate.errors ?? []).filter(
    ({ schemaPath }) => variants.length === 0 || schemaPath.startsWith(`#/oneOf/${at}/`),
  );
  const words = faults.map(
    ({ instancePath, message, params }) => `${instancePath || '.'} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`Not as the schema of ${command} has it: ${words.join('; ')}: ${JSON.stringify(line)}`);
}

interface Variant {
  readonly properties: { readonly t: { readonly const?: string; readonly enum?: readonly string[] } };
}

function validatorOf(command: string): ValidateFunction {
  const schema = jsonSchemas().get(command);
  if (schema === undefined) throw new Error(`No schema of ${command}`);
  return ajv.compile(schema);
}
