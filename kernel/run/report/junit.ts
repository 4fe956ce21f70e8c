/** Runs as a JUnit report, which CI systems show as tests: a notebook is a suite, a code cell a test. */
import { stripVTControlCharacters } from 'node:util';
import { ExitCode, type RunError } from '../exit.js';
import type { CellReport, RunResult } from '../options.js';
import { title } from '../terminal/text.js';
import type { Reported } from './summary.js';

/** The report as XML. */
export function junitReport(runs: readonly Reported[]): string {
  const suites = runs.map((run) => ('result' in run ? suite(run.input, run.result) : notBegun(run)));
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join(
    '\n',
  );
}

function suite(input: string, result: RunResult): string {
  const cells = result.cells.filter(({ cell }) => cell.source.trim() !== '');
  const cases = cells.map((report) => testCase(input, report, result));
  // What is wrong with the run as a whole, such as an assertion, is a test of its own.
  const blamed = cells.some(({ cell, error }) => error !== undefined || differs(result, cell));
  if (result.exitCode !== ExitCode.ok && !blamed)
    cases.push(element(input, 'the run', result.seconds, failureElement('run', result.message ?? '', '')));
  const count = (tag: string): number => cases.filter((one) => one.includes(`<${tag}`)).length;
  const attributes = `name="${escape(input)}" tests="${cases.length}" failures="${count('failure')}" errors="0" skipped="${count('skipped')}" time="${result.seconds.toFixed(3)}"`;
  return [`<testsuite ${attributes}>`, ...cases, '</testsuite>'].join('\n');
}

const differs = ({ differences }: RunResult, cell: CellReport['cell']): boolean =>
  differences.some((one) => one.cell === cell);

function testCase(
  input: string,
  { cell, number, status, seconds, error }: CellReport,
  result: RunResult,
): string {
  const name = `cell ${number}: ${title(cell.source)}`;
  const difference = result.differences.find((one) => one.cell === cell);
  const printed = cell.outputs.map((output) => (output.output_type === 'stream' ? output.text : '')).join('');
  const body =
    status === 'skipped' || status === 'notRun'
      ? '<skipped/>'
      : error !== undefined && result.error?.cell === cell
        ? failureElement(error.ename, error.evalue, error.traceback.join('\n'))
        : difference !== undefined
          ? failureElement('difference', difference.message, '')
          : error !== undefined && result.exitCode !== ExitCode.ok && error.traceback.length === 0
            ? failureElement(error.ename, error.evalue, '')
            : '';
  return element(
    input,
    name,
    seconds,
    printed === '' ? body : `${body}<system-out>${escape(printed)}</system-out>`,
  );
}

function element(input: string, name: string, seconds: number, body: string): string {
  const attributes = `classname="${escape(input)}" name="${escape(name)}" time="${seconds.toFixed(3)}"`;
  return `<testcase ${attributes}>${body}</testcase>`;
}

const failureElement = (type: string, message: string, text: string): string =>
  `<failure type="${escape(type)}" message="${escape(message)}">${escape(text)}</failure>`;

function notBegun({ input, failure }: { input: string; failure: RunError }): string {
  const body = `<error type="${failure.name}" message="${escape(failure.message)}"></error>`;
  return [
    `<testsuite name="${escape(input)}" tests="1" failures="0" errors="1" skipped="0" time="0">`,
    element(input, 'the run', 0, body),
    '</testsuite>',
  ].join('\n');
}

/** XML 1.0 has no place for most control characters, not even escaped. */
const FORBIDDEN = new RegExp(String.raw`[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]`, 'g');

function escape(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(FORBIDDEN, '')
    .replace(/[&<>"\n\r\t]/g, (character) => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
